// longtake: what people type. It links neither FFmpeg nor MPI, whose hundred shared libraries take longer to
// load than a status takes to answer; run, plan, rehearse, check, submit, doctor and simulate go on as
// longtake-maker, in this process.
#include <unistd.h>

#include <cerrno>

#include "jobs/error.h"
#include "scheduler/cli/program.h"
#include "scheduler/cli/program_beside.h"

namespace {

int go_on_as_maker(const longtake::CliOptions&, int, char** argv) {
  const std::string maker = longtake::program_beside("longtake-maker");
  ::execv(maker.c_str(), argv);
  longtake::throw_errno("cannot start " + maker + ", which belongs beside longtake");
}

}  // namespace

int main(int argc, char** argv) {
  return longtake::run_program({go_on_as_maker, go_on_as_maker, go_on_as_maker, go_on_as_maker,
                                go_on_as_maker, go_on_as_maker, go_on_as_maker},
                               argc, argv);
}

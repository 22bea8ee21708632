// longtake-maker: the commands of longtake that read media, and the ranks that mpirun starts.
#include "scheduler/cli/commands.h"
#include "scheduler/cli/program.h"

int main(int argc, char** argv) {
  return longtake::run_program(
      {longtake::run_command, longtake::plan_command, longtake::rehearse_command, longtake::check_command,
       longtake::submit_command, longtake::doctor_command, longtake::simulate_command},
      argc, argv);
}

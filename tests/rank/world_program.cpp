// A program for tests that mpirun starts: gathers a text of every rank, broadcasts the result, and lets
// each rank print it. "quits": rank 1 is killed after that; nobody may wait for it.

#include <csignal>
#include <iostream>
#include <string>

#include "rank/launch/mpi_world.h"

int main(int argument_count, char** arguments) {
  const std::string deed = argument_count > 1 ? arguments[1] : "";
  longtake::MpiWorld world;
  // Of different lengths, one of them empty.
  const std::string own = world.rank() == 1 ? "" : "rank " + std::to_string(world.rank());
  std::string joined;
  for (const std::string& text : world.gather(own)) joined += "[" + text + "]";
  const std::string shared = world.broadcast(joined);
  std::cout << shared + " " + std::to_string(world.local_rank()) + " of " + std::to_string(world.size()) +
                   "\n"
            << std::flush;
  if (deed == "quits" && world.rank() == 1) ::raise(SIGKILL);
  if (deed != "quits") world.leave();
  return 0;
}

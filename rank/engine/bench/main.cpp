#include "rank/engine/bench/bench_command.h"

/// 'longtake-engine bench' for machines that lack what the rest of longtake-engine links.
int main(int argument_count, char** arguments) {
  return longtake::bench_command(argument_count - 1, arguments + 1);
}

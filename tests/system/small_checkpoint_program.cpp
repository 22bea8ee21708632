// small_checkpoint FOLDER: a complete checkpoint of random weights in FOLDER, small enough for tests. A
// program of its own, since the tests of whole runs do not link LibTorch.
#include <exception>
#include <iostream>

#include "tests/engine/liveavatar/small_checkpoint.h"

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::cerr << "usage: small_checkpoint FOLDER\n";
    return 2;
  }
  try {
    longtake::write_small_checkpoint(arguments[1]);
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "small_checkpoint: " << e.what() << "\n";
    return 1;
  }
}

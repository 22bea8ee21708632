#include "scheduler/cli/program.h"

int main(int argc, char** argv) { return longtake::run_program(argc, argv); }

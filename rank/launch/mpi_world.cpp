#include "rank/launch/mpi_world.h"

#include <mpi.h>

#include <array>

#include "jobs/error.h"

namespace longtake {
namespace {

void check(int code, const char* doing) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw Error(ErrorKind::Io, std::string("MPI cannot ") + doing + ": " + text.data());
}

int rank_on_host(int rank) {
  MPI_Comm host = MPI_COMM_NULL;
  check(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &host),
        "find the ranks of this host");
  int place = 0;
  check(MPI_Comm_rank(host, &place), "number the ranks of this host");
  MPI_Comm_free(&host);
  return place;
}

}  // namespace

MpiWorld::MpiWorld() {
  int provided = 0;
  // Other threads of this process never call MPI.
  check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "start");
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  check(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "tell the rank");
  check(MPI_Comm_size(MPI_COMM_WORLD, &size_), "tell the number of ranks");
  local_rank_ = rank_on_host(rank_);
}

MpiWorld::~MpiWorld() {
  if (may_finalize_) MPI_Finalize();
}

std::vector<std::string> MpiWorld::gather(const std::string& text) const {
  const int length = static_cast<int>(text.size());
  std::vector<int> lengths(rank_ == 0 ? static_cast<std::size_t>(size_) : 0);
  check(MPI_Gather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, 0, MPI_COMM_WORLD), "gather lengths");

  std::vector<int> offsets;
  int total = 0;
  for (const int each : lengths) {
    offsets.push_back(total);
    total += each;
  }
  std::string all(static_cast<std::size_t>(total), '\0');
  check(MPI_Gatherv(text.data(), length, MPI_CHAR, all.data(), lengths.data(), offsets.data(), MPI_CHAR, 0,
                    MPI_COMM_WORLD),
        "gather texts");
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    texts.push_back(all.substr(static_cast<std::size_t>(offsets[i]), static_cast<std::size_t>(lengths[i])));
  }
  return texts;
}

std::string MpiWorld::broadcast(const std::string& text) const {
  int length = static_cast<int>(text.size());
  check(MPI_Bcast(&length, 1, MPI_INT, 0, MPI_COMM_WORLD), "broadcast a length");
  std::string shared = rank_ == 0 ? text : std::string(static_cast<std::size_t>(length), '\0');
  check(MPI_Bcast(shared.data(), length, MPI_CHAR, 0, MPI_COMM_WORLD), "broadcast a text");
  return shared;
}

}  // namespace longtake

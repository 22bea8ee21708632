#include "tests/engine/bench/small_bench.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/temp_path.h"

namespace longtake {

std::filesystem::path small_bench_config() {
  const nlohmann::json config = {{"model_type", "s2v"},
                                 {"dim", 32},
                                 {"ffn_dim", 48},
                                 {"num_heads", 2},
                                 {"num_layers", 3},
                                 {"freq_dim", 16},
                                 {"text_len", 8},
                                 {"text_dim", 12},
                                 {"in_dim", 4},
                                 {"out_dim", 4},
                                 {"cond_dim", 4},
                                 {"audio_dim", 10},
                                 {"num_audio_layers", 3},
                                 {"num_audio_token", 2},
                                 {"audio_inject_layers", {0, 2}},
                                 {"vae",
                                  {{"dim", 4},
                                   {"z_dim", 4},
                                   {"dim_mult", {1, 2, 4, 4}},
                                   {"num_res_blocks", 1},
                                   {"temporal_downsample", {false, true, true}},
                                   {"latent_mean", {0, 0, 0, 0}},
                                   {"latent_std", {1, 1, 1, 1}}}}};
  const std::filesystem::path file = temp_path("small_bench.json");
  std::ofstream(file) << config;
  return file;
}

BenchOptions small_bench() {
  BenchOptions options;
  options.config = small_bench_config();
  options.size = {64, 64};
  options.blocks = 2;
  options.warmup_blocks = 2;
  options.steps = 2;
  return options;
}

}  // namespace longtake

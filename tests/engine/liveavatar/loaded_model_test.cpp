#include "rank/engine/liveavatar/loaded_model.h"

#include <gtest/gtest.h>

#include "jobs/error.h"
#include "tests/engine/liveavatar/small_checkpoint.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

class LoadedModels : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    fs::remove_all(folder());
    fs::create_directories(folder());
    write_small_checkpoint(folder());
  }
  static void TearDownTestSuite() { fs::remove_all(folder()); }
  static fs::path folder() { return temp_path("model"); }

  LoadedModel model() {
    return {folder(), "", {}, [this] { ++tensors_; }, account_};
  }

  MemoryAccount account_{memory_meter(at::kCPU)};
  int tensors_ = 0;
};

TEST_F(LoadedModels, LoadOnlyWhatIsAskedFor) {
  LoadedModel loaded = model();
  EXPECT_EQ(tensors_, 0);
  const std::int64_t layers = loaded.transformer_config().layers;
  loaded.transformer({0, layers});
  const int all = tensors_;
  loaded.transformer({0, layers});
  EXPECT_EQ(tensors_, all) << "it stays loaded";
  const TransformerModel& part = loaded.transformer({0, 1});
  EXPECT_LT(tensors_ - all, all);
  EXPECT_EQ(part.layers.layers(), (Interval{0, 1}));
}

TEST_F(LoadedModels, LoadingCanBeEndedBetweenTensors) {
  int left = 10;
  const auto before_tensor = [&] {
    if (--left == 0) throw Error(ErrorKind::DeviceLost, "given up while loading");
  };
  LoadedModel loaded(folder(), "", {}, before_tensor, account_);
  EXPECT_THROW(loaded.transformer({0, loaded.transformer_config().layers}), Error);
  left = 1000;
  EXPECT_NO_THROW(loaded.transformer({0, loaded.transformer_config().layers})) << "and begun again";
}

}  // namespace
}  // namespace longtake

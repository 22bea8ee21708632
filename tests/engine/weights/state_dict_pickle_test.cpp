#include "rank/engine/weights/state_dict_pickle.h"

#include <gmock/gmock.h>

#include "tests/engine/weights/pickle_of.h"
#include "tests/engine/weights/refusal.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::string reading(const std::string& pickle) {
  return refusal_of([&] { read_state_dict_pickle(pickle, "some.pth"); });
}

TEST(StateDictPickle, ReadsADictionaryOfTensors) {
  const auto tensors = read_state_dict_pickle(pickled_dictionary("w", pickled_tensor(5)), "some.pth");
  ASSERT_THAT(tensors, SizeIs(1));
  const PickledTensor& tensor = tensors.at("w");
  EXPECT_EQ(tensor.type, TensorType::F32);
  EXPECT_EQ(tensor.storage, "0");
  EXPECT_EQ(tensor.storage_offset, 5);
  EXPECT_THAT(tensor.shape, ElementsAre(2, 3));
  EXPECT_THAT(tensor.strides, ElementsAre(3, 1));
}

TEST(StateDictPickle, ReadsAStateDictWithItsMetadata) {
  const auto tensors = read_state_dict_pickle(pickled_state_dict("w", pickled_tensor()), "some.pth");
  ASSERT_THAT(tensors, SizeIs(1));
  EXPECT_THAT(tensors.at("w").shape, ElementsAre(2, 3));
}

TEST(StateDictPickle, ReadsAParameterAsItsTensor) {
  const std::string parameter = "ctorch._utils\n_rebuild_parameter\n(" + pickled_tensor() + "\x88Nt" + "R";
  const auto tensors = read_state_dict_pickle(pickled_dictionary("w", parameter), "some.pth");
  EXPECT_THAT(tensors.at("w").strides, ElementsAre(3, 1));
}

TEST(StateDictPickle, CutAnywhereItIsRefused) {
  const std::string whole = pickled_state_dict("w", pickled_tensor());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THAT(reading(whole.substr(0, length)), HasSubstr("some.pth")) << length;
  }
}

TEST(StateDictPickle, CallsNothing) {
  EXPECT_THAT(reading("\x80\x02"
                      "cos\nsystem\n(" +
                      pickled_text("true") + "tR."),
              AllOf(HasSubstr("some.pth"), HasSubstr("os.system")));
}

TEST(StateDictPickle, NamesWhatIsNotATensor) {
  EXPECT_THAT(reading(pickled_dictionary("epoch", "K\x07")), HasSubstr("'epoch' is not a tensor"));
  EXPECT_THAT(reading("\x80\x02K\x07."), HasSubstr("not a dictionary"));
}

TEST(StateDictPickle, SaysWhichTypeItDoesNotKnow) {
  std::string tensor = pickled_tensor();
  tensor.replace(tensor.find("FloatStorage"), 12, "QInt8Storage");
  EXPECT_THAT(reading(pickled_dictionary("w", tensor)),
              HasSubstr("tensor 'w' has the type torch.QInt8Storage"));
}

TEST(StateDictPickle, RefusesNonsense) {
  for (const char* pickle : {"u.", "(.", "h\x05.", "R.", "}K\x01K\x02K\x03(K\x01u.", "Q.", "\x85.", "i."}) {
    EXPECT_THAT(reading(pickle), HasSubstr("some.pth")) << pickle;
  }
}

}  // namespace
}  // namespace longtake

#include "storage/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "jobs/error.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::filesystem::path file(const std::string& name) {
  return temp_path("tensors-" + name);
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::filesystem::path file_of(const std::string& content) {
  const std::filesystem::path path = file("made");
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::filesystem::path file_of(const std::string& header, const std::string& data) {
  std::string length(8, '\0');
  length[0] = static_cast<char>(header.size() & 0xff);
  length[1] = static_cast<char>(header.size() >> 8);
  return file_of(length + header + data);
}

std::string refusal_of(const std::filesystem::path& path) {
  try {
    const SafetensorsFile opened(path);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
    return e.what();
  }
  return "";
}

TEST(Safetensors, ComeBackAsTheyWereWritten) {
  const std::string numbers("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c", 12);
  write_safetensors(file("round"),
                    {{"b", {TensorType::BF16, {2, 3}, numbers}}, {"a", {TensorType::U8, {0}, ""}}},
                    {{"identity", "abc"}});
  const SafetensorsFile opened(file("round"));
  EXPECT_EQ(opened.metadata().at("identity"), "abc");
  EXPECT_EQ(opened.entries().size(), 2U);
  EXPECT_EQ(opened.entry("b").type, TensorType::BF16);
  EXPECT_EQ(opened.entry("b").shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(opened.read("b"), numbers);
  EXPECT_EQ(opened.read("a"), "");
}

TEST(Safetensors, EqualTensorsGiveEqualBytesWithAlignedData) {
  const std::string number(8, '\x07');
  for (const char* name : {"one", "two"}) {
    write_safetensors(file(name), {{"next_frame", {TensorType::I64, {1}, number}}}, {{"k", "v"}});
  }
  EXPECT_EQ(content_of(file("one")), content_of(file("two")));
  EXPECT_EQ(SafetensorsFile(file("one")).entry("next_frame").offset % 8, 0);
}

TEST(Safetensors, ReadsTheExampleOfTheFormatsDescription) {
  const SafetensorsFile opened(
      file_of(R"({"TEST":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]}})", "abcd"));
  EXPECT_EQ(opened.read("TEST"), "abcd");
  EXPECT_TRUE(opened.metadata().empty());
}

TEST(Safetensors, RefusesTornFiles) {
  EXPECT_THAT(refusal_of(file_of("")), AllOf(HasSubstr("tensors-made"), HasSubstr("0 bytes")));
  EXPECT_THAT(refusal_of(file_of("1234")), HasSubstr("4 bytes"));
  EXPECT_THAT(refusal_of(file_of("a plain text is no such file")), HasSubstr("its header should have"));
  const std::string number(8, '\x07');
  write_safetensors(file("whole"), {{"n", {TensorType::I64, {1}, number}}}, {});
  const std::string whole = content_of(file("whole"));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(refusal_of(file_of(whole.substr(0, length))), "")
        << length << " of " << whole.size() << " bytes";
  }
  EXPECT_THAT(refusal_of(file_of(whole + "x")), HasSubstr("its tensors end at byte"));
}

TEST(Safetensors, RefusesHeadersThatCannotBeTrue) {
  EXPECT_THAT(refusal_of(file_of("[]", "")), HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal_of(file_of("{oops", "")), HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal_of(file_of(R"({"t":{"dtype":"F32","shape":[1]}})", "abcd")), HasSubstr("'t'"));
  EXPECT_THAT(refusal_of(file_of(R"({"t":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}})", "abcd")),
              HasSubstr("'F33'"));
  EXPECT_THAT(refusal_of(file_of(R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "abcd")),
              AllOf(HasSubstr("'t'"), HasSubstr("shape [2]")));
  EXPECT_THAT(refusal_of(file_of(R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", "abcd")),
              HasSubstr("[0, 8) of 4 bytes"));
  EXPECT_THAT(refusal_of(file_of(R"({"t":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}})", "abcd")),
              HasSubstr("'t'"));
  EXPECT_THAT(
      refusal_of(file_of(R"({"t":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", "")),
      HasSubstr("'t'"));
}

TEST(Safetensors, RefusesTensorsThatOverlapOrLeaveHoles) {
  EXPECT_THAT(
      refusal_of(file_of(
          R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
          "abc")),
      AllOf(HasSubstr("'b'"), HasSubstr("expected")));
  EXPECT_THAT(refusal_of(file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", "ab")),
              HasSubstr("'a'"));
}

TEST(Safetensors, AMissingTensorIsNamedWithItsFile) {
  write_safetensors(file("empty"), {}, {});
  const SafetensorsFile opened(file("empty"));
  try {
    opened.read("blocks.3.weight");
    FAIL() << "it was found";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), AllOf(HasSubstr("tensors-empty"), HasSubstr("'blocks.3.weight'")));
  }
}

TEST(Safetensors, BytesThatAreNotThoseOfTheShapeAreOurMistake) {
  try {
    write_safetensors(file("wrong"), {{"t", {TensorType::F32, {2}, "abcd"}}}, {});
    FAIL() << "it was written";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::Bug);
  }
  EXPECT_FALSE(std::filesystem::exists(file("wrong")));
}

TEST(Safetensors, AMissingFileIsAnIoError) {
  try {
    const SafetensorsFile opened("/no/such/file.safetensors");
    FAIL() << "it opened";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::Io);
  }
}

}  // namespace
}  // namespace longtake

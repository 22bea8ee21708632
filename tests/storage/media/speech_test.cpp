#include "storage/media/speech.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/storage/media/media_files.h"

namespace longtake {
namespace {

using test::error_of;
using test::ffmpeg;
using test::joined;
using test::silence;
using test::sine;
using test::TempFolder;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Speech, IsWrittenWholeAndTrimmedByItsFacts) {
  const TempFolder folder;
  test::write_wav(folder / "talk.wav", joined({silence(2, 16000), sine(1, 16000), silence(3, 16000)}), 16000);
  const SpeechFacts facts = write_speech(folder / "talk.wav", folder / "speech.f32", true);
  EXPECT_EQ(facts.samples, 96000);
  EXPECT_EQ(facts.kept, (Interval{32000 - 8000, 48000 + 8000}));
  EXPECT_EQ(std::filesystem::file_size(folder / "speech.f32"), 96000U * 4);
  EXPECT_EQ(facts.loudness.size(), 600U);
  EXPECT_NEAR(static_cast<double>(facts.loudness[250]), 0.125, 0.01);
  EXPECT_NEAR(facts.peak_db, -6.02, 0.05);
  EXPECT_NEAR(facts.speech_level_db, -9.03, 0.3);
  EXPECT_DOUBLE_EQ(facts.noise_floor_db, -120);
  EXPECT_THAT(facts.warnings, IsEmpty());
}

TEST(Speech, ScanFindsWhatWritingFinds) {
  const TempFolder folder;
  test::write_wav(folder / "talk.wav", joined({silence(1, 44100), sine(1, 44100)}), 44100);
  const SpeechFacts written = write_speech(folder / "talk.wav", folder / "speech.f32", true);
  const SpeechFacts scanned = scan_speech(folder / "talk.wav", true);
  EXPECT_EQ(scanned.kept, written.kept);
  EXPECT_EQ(scanned.samples, written.samples);
  EXPECT_EQ(scanned.loudness, written.loudness);
}

TEST(Speech, KeepsShortSilences) {
  const TempFolder folder;
  test::write_wav(folder / "talk.wav", joined({silence(0.4, 16000), sine(1, 16000), silence(0.5, 16000)}),
                  16000);
  EXPECT_EQ(scan_speech(folder / "talk.wav", true).kept, (Interval{0, 30400}));
}

TEST(Speech, TrimsBackgroundNoiseThatIsFarBelowTheSpeech) {
  const TempFolder folder;
  test::write_wav(folder / "talk.wav",
                  joined({sine(2, 16000, 0.001), sine(1, 16000, 0.5), sine(2, 16000, 0.001)}), 16000);
  EXPECT_EQ(scan_speech(folder / "talk.wav", true).kept, (Interval{24000, 56000}));
}

TEST(Speech, IsNotTrimmedWhenToldNotTo) {
  const TempFolder folder;
  test::write_wav(folder / "talk.wav", joined({silence(2, 16000), sine(1, 16000)}), 16000);
  EXPECT_EQ(scan_speech(folder / "talk.wav", false).kept, (Interval{0, 48000}));
}

TEST(Speech, WarnsOfSilenceAndKeepsAllOfIt) {
  const TempFolder folder;
  test::write_wav(folder / "nothing.wav", silence(3, 16000), 16000);
  const SpeechFacts facts = scan_speech(folder / "nothing.wav", true);
  EXPECT_EQ(facts.kept, (Interval{0, 48000}));
  EXPECT_THAT(facts.warnings, Contains(HasSubstr("silent")));
}

TEST(Speech, WarnsOfClippingQuietSpeechAndLevelChanges) {
  const TempFolder folder;
  test::write_wav(folder / "clipped.wav", std::vector<double>(16000, 1.0), 16000);
  test::write_wav(folder / "quiet.wav", sine(2, 16000, 0.003), 16000);
  test::write_wav(folder / "two.wav", joined({sine(10, 16000, 0.8), sine(10, 16000, 0.05)}), 16000);
  EXPECT_THAT(scan_speech(folder / "clipped.wav", true).warnings, Contains(HasSubstr("clipped")));
  EXPECT_THAT(scan_speech(folder / "quiet.wav", true).warnings, Contains(HasSubstr("very quiet")));
  EXPECT_THAT(scan_speech(folder / "two.wav", true).warnings,
              Contains(HasSubstr("speech at 0:00 is 24 dB louder than at 0:10")));
}

TEST(Speech, OfAHundredthOfASecondIsOneWindow) {
  const TempFolder folder;
  test::write_wav(folder / "short.wav", sine(0.01, 16000), 16000);
  const SpeechFacts facts = write_speech(folder / "short.wav", folder / "speech.f32", true);
  EXPECT_EQ(facts.kept, (Interval{0, 160}));
  EXPECT_EQ(facts.loudness.size(), 1U);
}

TEST(Speech, RefusesTruncatedRecordings) {
  const TempFolder folder;
  test::write_wav(folder / "a.wav", sine(6, 16000), 16000);
  ffmpeg("-i " + (folder / "a.wav").string() + " -b:a 128k " + (folder / "a.mp3").string());
  ffmpeg("-i " + (folder / "a.wav").string() + " " + (folder / "a.flac").string());
  ffmpeg("-i " + (folder / "a.wav").string() + " -movflags +faststart " + (folder / "a.m4a").string());
  for (const char* name : {"a.wav", "a.mp3", "a.flac", "a.m4a"}) {
    test::truncate_to(folder / name, 0.5);
    const std::string message = error_of(ErrorKind::InvalidInput, [&] { scan_speech(folder / name, true); });
    EXPECT_THAT(message, HasSubstr("s but its header says 6.")) << name;
    EXPECT_THAT(message, HasSubstr("s: it is truncated")) << name;
    EXPECT_THAT(message, HasSubstr(name));
  }
}

TEST(Speech, AcceptsWavFromAPipeWhoseSizeWasNeverFilledIn) {
  const TempFolder folder;
  test::write_wav(folder / "a.wav", sine(2, 22050), 22050);
  for (const unsigned size : {0x7ffff000U, 0x7fffffffU, 0xffffffffU}) {
    std::string bytes = test::bytes_of(folder / "a.wav");
    for (std::size_t i = 0; i < 4; ++i) bytes[40 + i] = static_cast<char>(size >> (8 * i) & 0xffU);
    test::write_bytes(folder / "piped.wav", bytes);
    EXPECT_EQ(scan_speech(folder / "piped.wav", false).samples, 32000) << size;
  }
}

TEST(Speech, LeavesNothingBehindWhenItFails) {
  const TempFolder folder;
  test::write_wav(folder / "a.wav", sine(6, 16000), 16000);
  test::truncate_to(folder / "a.wav", 0.5);
  error_of(ErrorKind::InvalidInput, [&] { write_speech(folder / "a.wav", folder / "speech.f32", true); });
  EXPECT_EQ(folder.files(), std::vector<std::string>{"a.wav"});
}

TEST(Speech, ReportsProgressInSeconds) {
  const TempFolder folder;
  test::write_wav(folder / "a.wav", sine(3, 16000), 16000);
  double last = 0;
  scan_speech(folder / "a.wav", true, [&](double seconds) { last = seconds; });
  EXPECT_DOUBLE_EQ(last, 3);
}

TEST(SpeechFile, ReadsRelativeToTheKeptPartAndSilenceOutside) {
  const TempFolder folder;
  std::vector<double> samples(1600);
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<double>(i) / 32767;
  test::write_wav(folder / "ramp.wav", samples, 16000);
  write_speech(folder / "ramp.wav", folder / "speech.f32", false);
  const SpeechFile speech(folder / "speech.f32", {160, 1440});
  EXPECT_EQ(speech.samples(), 1280);
  std::vector<float> out(1300, 9.0F);
  speech.read({-10, 1290}, out.data());
  EXPECT_EQ(out[9], 0.0F);
  EXPECT_NEAR(out[10] * 32768, 160, 0.01);
  EXPECT_NEAR(out[10 + 1279] * 32768, 1439, 0.01);
  EXPECT_EQ(out[10 + 1280], 0.0F);
}

TEST(SpeechFile, RefusesAFileThatIsTooShort) {
  const TempFolder folder;
  test::write_bytes(folder / "speech.f32", std::string(400, '\0'));
  const std::string message = error_of(ErrorKind::Io, [&] {
    SpeechFile(folder / "speech.f32", Interval{0, 101});
  });
  EXPECT_THAT(message, HasSubstr("holds 100 samples"));
}

}  // namespace
}  // namespace longtake

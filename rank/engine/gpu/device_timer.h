#pragma once

#include <c10/core/Device.h>

#include <memory>
#include <vector>

namespace longtake {

/// Times pieces of work that follow each other on one device. A device that works on its own is timed by its
/// own clock and not waited for in between, so that what the program does meanwhile counts only when the
/// device has to wait for it. Belongs to one thread.
class DeviceTimer {
 public:
  explicit DeviceTimer(c10::Device device);
  ~DeviceTimer();
  DeviceTimer(const DeviceTimer&) = delete;
  DeviceTimer& operator=(const DeviceTimer&) = delete;

  /// The piece before ends here, the next begins.
  void mark();

  /// One for every two marks in a row. Waits for the device.
  std::vector<double> pieces_ms() const;

 private:
  class Marks;
  class HostMarks;
  class DeviceMarks;
  static std::unique_ptr<Marks> marks_on(c10::Device device);

  std::unique_ptr<Marks> marks_;
};

}  // namespace longtake

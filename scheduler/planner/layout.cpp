#include "scheduler/planner/layout.h"

namespace longtake {

std::string_view name_of(LayoutKind kind) {
  switch (kind) {
    case LayoutKind::Single:
      return "single";
    case LayoutKind::Layers:
      return "layers";
    case LayoutKind::Steps:
      return "steps";
    case LayoutKind::LayersSteps:
      return "layers_steps";
  }
  return "";
}

}  // namespace longtake

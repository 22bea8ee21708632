#pragma once

#include <string>

namespace longtake {

// Pieces of pickles as torch.save writes them (protocol 2), for tests.

inline std::string pickled_text(const std::string& text) {
  return std::string("X") + static_cast<char>(text.size()) + std::string(3, '\0') + text;
}

/// A float32 tensor [2, 3] in the record data/0, `offset` elements behind its beginning.
inline std::string pickled_tensor(int offset = 0) {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + pickled_text("storage") + "ctorch\nFloatStorage\n" +
         pickled_text("0") + pickled_text("cpu") + "K\x06tQK" + static_cast<char>(offset) +
         "K\x02K\x03\x86K\x03K\x01\x86\x89" + "ccollections\nOrderedDict\n)RtR";
}

/// {name: tensor}
inline std::string pickled_dictionary(const std::string& name, const std::string& tensor) {
  return "\x80\x02}(" + pickled_text(name) + tensor + "u.";
}

/// What torch.save(module.state_dict()) makes: an OrderedDict with a _metadata attribute.
inline std::string pickled_state_dict(const std::string& name, const std::string& tensor) {
  return "\x80\x02"
         "ccollections\nOrderedDict\nq\x01)Rq\x02(" +
         pickled_text(name) + tensor + "u}" + pickled_text("_metadata") + "h\x01)R" + pickled_text("") + "}" +
         pickled_text("version") + "K\x01ss" + "sb.";
}

}  // namespace longtake

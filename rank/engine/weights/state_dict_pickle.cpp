#include "rank/engine/weights/state_dict_pickle.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "rank/engine/weights/pickle_bytes.h"

namespace longtake {
namespace {

struct Value;
using Values = std::vector<Value>;

struct Mark {};
/// None, and what a state dictionary carries along and nobody needs: flags, hooks, metadata.
struct Opaque {};
struct Global {
  std::string name;  // "module.name"
};
struct Storage {
  std::optional<TensorType> type;  // nullopt: none that the model knows
  std::string type_name;
  std::string key;
};
struct UnknownTensor {
  std::string type_name;
};
struct Sequence {
  std::shared_ptr<Values> items = std::make_shared<Values>();
};
struct Dictionary {
  std::shared_ptr<std::vector<std::pair<Value, Value>>> items =
      std::make_shared<std::vector<std::pair<Value, Value>>>();
};
struct Value {
  std::variant<Opaque, Mark, std::int64_t, std::string, Global, Storage, PickledTensor, UnknownTensor,
               Sequence, Dictionary>
      is;
};

constexpr std::array<std::pair<const char*, TensorType>, 9> kStorageTypes = {{
    {"torch.FloatStorage", TensorType::F32},
    {"torch.BFloat16Storage", TensorType::BF16},
    {"torch.HalfStorage", TensorType::F16},
    {"torch.DoubleStorage", TensorType::F64},
    {"torch.LongStorage", TensorType::I64},
    {"torch.IntStorage", TensorType::I32},
    {"torch.ShortStorage", TensorType::I16},
    {"torch.CharStorage", TensorType::I8},
    {"torch.ByteStorage", TensorType::U8},
}};

/// The stack machine of the pickle format (Python, Lib/pickletools.py), with the operations that torch.save
/// uses for a dictionary of tensors.
class StateDictReader {
 public:
  StateDictReader(std::string_view pickle, const std::string& file) : bytes_(pickle, file) {}

  std::map<std::string, PickledTensor> read() {
    for (unsigned char op = bytes_.byte(); op != '.'; op = bytes_.byte()) {
      if (!reads_constant(op) && !reads_memo(op) && !reads_collection(op) && !reads_call(op)) {
        bytes_.refuse("its pickle has the unexpected operation " + std::to_string(op));
      }
    }
    return tensors_of(pop());
  }

 private:
  bool reads_constant(unsigned char op) {
    switch (op) {
      case 0x80:
        bytes_.skip(1);
        return true;  // PROTO
      case 0x95:
        bytes_.skip(8);
        return true;  // FRAME
      case 'N':
      case 0x88:
      case 0x89:
        push({Opaque{}});
        return true;  // NONE, NEWTRUE, NEWFALSE
      case 'G':
        bytes_.skip(8);
        push({Opaque{}});
        return true;  // BINFLOAT
      case 'K':
        push({bytes_.unsigned_number(1)});
        return true;  // BININT1
      case 'M':
        push({bytes_.unsigned_number(2)});
        return true;  // BININT2
      case 'J':
        push({bytes_.signed_number(4)});
        return true;  // BININT
      case 0x8a:
        push({bytes_.signed_number(bytes_.byte())});
        return true;  // LONG1
      case 'X':
        push({bytes_.text(bytes_.unsigned_number(4))});
        return true;  // BINUNICODE
      case 0x8c:
        push({bytes_.text(bytes_.byte())});
        return true;  // SHORT_BINUNICODE
      default:
        return false;
    }
  }

  bool reads_memo(unsigned char op) {
    switch (op) {
      case 'q':
        memo_[bytes_.unsigned_number(1)] = top();
        return true;  // BINPUT
      case 'r':
        memo_[bytes_.unsigned_number(4)] = top();
        return true;  // LONG_BINPUT
      case 0x94:
        memo_.emplace(static_cast<std::int64_t>(memo_.size()), top());
        return true;  // MEMOIZE
      case 'h':
        push(remembered(bytes_.unsigned_number(1)));
        return true;  // BINGET
      case 'j':
        push(remembered(bytes_.unsigned_number(4)));
        return true;  // LONG_BINGET
      default:
        return false;
    }
  }

  bool reads_collection(unsigned char op) {
    switch (op) {
      case '(':
        push({Mark{}});
        return true;
      case '}':
        push({Dictionary{}});
        return true;
      case ')':
      case ']':
        push({Sequence{}});
        return true;  // EMPTY_TUPLE, EMPTY_LIST
      case 't':
        push_sequence(pop_to_mark());
        return true;  // TUPLE
      case 0x85:
      case 0x86:
      case 0x87:
        push_sequence(pop_many(op - 0x84U));
        return true;  // TUPLE1 to 3
      case 's':
        set_items(pop_many(2));
        return true;  // SETITEM
      case 'u':
        set_items(pop_to_mark());
        return true;  // SETITEMS
      case 'a':
        append(pop_many(1));
        return true;
      case 'e':
        append(pop_to_mark());
        return true;  // APPENDS
      default:
        return false;
    }
  }

  bool reads_call(unsigned char op) {
    switch (op) {
      case 'c':
        push({global()});
        return true;
      case 0x93: {  // STACK_GLOBAL
        const Values names = pop_many(2);
        push({Global{as<std::string>(names[0]) + "." + as<std::string>(names[1])}});
        return true;
      }
      case 'Q':
        push({storage_of(pop())});
        return true;  // BINPERSID
      case 'R': {     // REDUCE
        const Values call = pop_many(2);
        push(result_of(as<Global>(call[0]).name, *as<Sequence>(call[1]).items));
        return true;
      }
      case 'b':
        pop();
        return true;  // BUILD: the dictionary's _metadata
      default:
        return false;
    }
  }

  Global global() {
    const std::string module = bytes_.line();
    return {module + "." + bytes_.line()};
  }

  /// ("storage", type, key, device, elements)
  Storage storage_of(const Value& identity) {
    const Values& fields = *as<Sequence>(identity).items;
    if (fields.size() != 5) bytes_.refuse("a storage of it has " + std::to_string(fields.size()) + " fields");
    const std::string& type_name = as<Global>(fields[1]).name;
    for (const auto& [name, type] : kStorageTypes) {
      if (type_name == name) return {type, type_name, as<std::string>(fields[2])};
    }
    return {std::nullopt, type_name, as<std::string>(fields[2])};
  }

  Value result_of(const std::string& function, const Values& arguments) {
    if (function == "collections.OrderedDict") return {Dictionary{}};
    if (function == "torch._utils._rebuild_tensor_v2" && arguments.size() >= 4) return tensor_of(arguments);
    if (function == "torch._utils._rebuild_parameter" && !arguments.empty()) return arguments[0];
    bytes_.refuse("it calls " + function);
  }

  /// (storage, offset, shape, strides, requires_grad, hooks)
  Value tensor_of(const Values& arguments) {
    const Storage& storage = as<Storage>(arguments[0]);
    if (!storage.type) return {UnknownTensor{storage.type_name}};  // refused where its name is known
    PickledTensor tensor{*storage.type, storage.key, as<std::int64_t>(arguments[1]), numbers(arguments[2]),
                         numbers(arguments[3])};
    if (tensor.shape.size() != tensor.strides.size()) bytes_.refuse("a tensor's shape and strides differ");
    return {std::move(tensor)};
  }

  std::vector<std::int64_t> numbers(const Value& sequence) {
    std::vector<std::int64_t> result;
    for (const Value& item : *as<Sequence>(sequence).items) {
      result.push_back(as<std::int64_t>(item));
      if (result.back() < 0) bytes_.refuse("a tensor of it has a negative length");
    }
    return result;
  }

  std::map<std::string, PickledTensor> tensors_of(const Value& root) {
    std::map<std::string, PickledTensor> tensors;
    if (!std::holds_alternative<Dictionary>(root.is)) bytes_.refuse("its root is not a dictionary");
    for (const auto& [key, value] : *as<Dictionary>(root).items) {
      const std::string& name = as<std::string>(key);
      if (const auto* unknown = std::get_if<UnknownTensor>(&value.is)) {
        bytes_.refuse("tensor '" + name + "' has the type " + unknown->type_name);
      }
      if (!std::holds_alternative<PickledTensor>(value.is)) bytes_.refuse("'" + name + "' is not a tensor");
      tensors[name] = as<PickledTensor>(value);
    }
    return tensors;
  }

  void set_items(Values items) {
    if (items.size() % 2 != 0) bytes_.refuse("its pickle has a key without a value");
    auto& into = *as<Dictionary>(top()).items;
    for (std::size_t i = 0; i < items.size(); i += 2) into.emplace_back(items[i], items[i + 1]);
  }

  void append(Values items) {
    auto& into = *as<Sequence>(top()).items;
    into.insert(into.end(), items.begin(), items.end());
  }

  template <typename T>
  const T& as(const Value& value) const {
    const T* found = std::get_if<T>(&value.is);
    if (found == nullptr) bytes_.refuse("its pickle has a value of another kind than expected");
    return *found;
  }

  void push(Value value) { stack_.push_back(std::move(value)); }
  void push_sequence(Values items) {
    Sequence sequence;
    *sequence.items = std::move(items);
    push({std::move(sequence)});
  }

  const Value& top() const {
    if (stack_.empty()) bytes_.refuse("its pickle takes from an empty stack");
    return stack_.back();
  }
  Value pop() { return pop_many(1)[0]; }
  Values pop_many(std::size_t count) {
    if (stack_.size() < count) bytes_.refuse("its pickle takes from an empty stack");
    const auto begin = stack_.end() - static_cast<std::ptrdiff_t>(count);
    Values values(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    return values;
  }
  Values pop_to_mark() {
    const auto mark = std::find_if(stack_.rbegin(), stack_.rend(),
                                   [](const Value& value) { return std::holds_alternative<Mark>(value.is); });
    if (mark == stack_.rend()) bytes_.refuse("its pickle has an end without a beginning");
    Values values = pop_many(static_cast<std::size_t>(mark - stack_.rbegin()));
    stack_.pop_back();
    return values;
  }
  const Value& remembered(std::int64_t index) const {
    const auto found = memo_.find(index);
    if (found == memo_.end()) bytes_.refuse("its pickle refers to a value that it has not");
    return found->second;
  }

  PickleBytes bytes_;
  Values stack_;
  std::map<std::int64_t, Value> memo_;
};

}  // namespace

std::map<std::string, PickledTensor> read_state_dict_pickle(std::string_view pickle,
                                                            const std::string& file) {
  return StateDictReader(pickle, file).read();
}

}  // namespace longtake

// A value or an error, for functions whose failure is an ordinary outcome.
#pragma once

#include <utility>
#include <variant>

namespace sandbox {

/// Holds either a `T` or an `E`; both are owned. An error is a value of a type of its own, never text to be searched.
template <typename T, typename E>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit, as in `return value;`
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit, as in `return error;`

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// Precondition of the accessors of the value: `ok()`. Reading what is not there throws std::bad_variant_access.
  T& value() { return std::get<0>(state_); }
  const T& value() const { return std::get<0>(state_); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// Precondition: `!ok()`.
  const E& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, E> state_;
};

}  // namespace sandbox

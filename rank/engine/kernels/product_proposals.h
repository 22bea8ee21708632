#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

// T tokens, I inputs, O outputs
namespace longtake {

/// out = x w^T + bias on a GPU, or GELU by tanh of that. `x` and `w` in out's type, or the bits of E4M3 with
/// a scale for each row; out and bias in bfloat16 or float16. All in one piece.
struct AskedProduct {
  at::Tensor out_TO;
  at::Tensor x_TI;
  at::Tensor w_OI;
  at::Tensor bias_O;
  bool with_gelu = false;
  at::Tensor x_scale_T{};
  at::Tensor w_scale_O{};
};

/// The algorithms that cuBLASLt knows for a product. LibTorch takes the first.
class ProductProposals {
 public:
  /// At most `most`, what cuBLASLt believes to be the fastest first; each needs no more than
  /// `workspace_bytes`. Throws Error{DeviceLost} with cuBLASLt's code, Error{Bug} in a build without CUDA.
  ProductProposals(const AskedProduct& asked, std::int64_t workspace_bytes, int most);
  ~ProductProposals();
  ProductProposals(const ProductProposals&) = delete;
  ProductProposals& operator=(const ProductProposals&) = delete;

  std::size_t size() const;

  /// "tile 128x256, cluster 2x1, 4.1 waves": outputs by tokens.
  std::string text_of(std::size_t index) const;

  /// With the matrix asked for or another of its shape. On the current stream, without waiting; false when
  /// cuBLASLt refuses its own proposal.
  bool compute(std::size_t index, const at::Tensor& w_OI) const;

 private:
  struct Asked;
  std::unique_ptr<Asked> asked_;
};

/// What LibTorch gives cuBLASLt to compute in.
std::int64_t product_workspace_bytes();

}  // namespace longtake

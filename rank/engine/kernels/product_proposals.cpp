#include "rank/engine/kernels/product_proposals.h"

#include "jobs/error.h"

#ifdef LONGTAKE_CUDA

#include <ATen/cuda/CUDAContext.h>
#include <cublasLt.h>

#include <iomanip>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "rank/engine/devices/loaded_library.h"

namespace longtake {
namespace {

void check(cublasStatus_t status, const char* doing) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw Error(ErrorKind::DeviceLost,
              std::string("cuBLASLt cannot ") + doing + ": code " + std::to_string(static_cast<int>(status)));
}

/// The one that LibTorch has loaded: its handle is used. Not linked, for the loader finds it beside LibTorch
/// only when LibTorch asks.
struct Library {
  LoadedLibrary loaded{"libcublasLt.so." + std::to_string(CUBLAS_VER_MAJOR)};
  decltype(&cublasLtMatmulDescCreate) create_product = nullptr;
  decltype(&cublasLtMatmulDescDestroy) destroy_product = nullptr;
  decltype(&cublasLtMatmulDescSetAttribute) set_product = nullptr;
  decltype(&cublasLtMatrixLayoutCreate) create_layout = nullptr;
  decltype(&cublasLtMatrixLayoutDestroy) destroy_layout = nullptr;
  decltype(&cublasLtMatmulPreferenceCreate) create_wish = nullptr;
  decltype(&cublasLtMatmulPreferenceDestroy) destroy_wish = nullptr;
  decltype(&cublasLtMatmulPreferenceSetAttribute) set_wish = nullptr;
  decltype(&cublasLtMatmulAlgoGetHeuristic) propose = nullptr;
  decltype(&cublasLtMatmulAlgoConfigGetAttribute) get_config = nullptr;
  decltype(&cublasLtMatmul) multiply = nullptr;

  Library() {
    loaded.find("cublasLtMatmulDescCreate", create_product);
    loaded.find("cublasLtMatmulDescDestroy", destroy_product);
    loaded.find("cublasLtMatmulDescSetAttribute", set_product);
    loaded.find("cublasLtMatrixLayoutCreate", create_layout);
    loaded.find("cublasLtMatrixLayoutDestroy", destroy_layout);
    loaded.find("cublasLtMatmulPreferenceCreate", create_wish);
    loaded.find("cublasLtMatmulPreferenceDestroy", destroy_wish);
    loaded.find("cublasLtMatmulPreferenceSetAttribute", set_wish);
    loaded.find("cublasLtMatmulAlgoGetHeuristic", propose);
    loaded.find("cublasLtMatmulAlgoConfigGetAttribute", get_config);
    loaded.find("cublasLtMatmul", multiply);
  }
};

const Library& library() {
  static const Library loaded;
  return loaded;
}

struct Destroy {
  void operator()(cublasLtMatmulDescOpaque_t* product) const { library().destroy_product(product); }
  void operator()(cublasLtMatrixLayoutOpaque_t* layout) const { library().destroy_layout(layout); }
  void operator()(cublasLtMatmulPreferenceOpaque_t* wish) const { library().destroy_wish(wish); }
};
using Product = std::unique_ptr<cublasLtMatmulDescOpaque_t, Destroy>;
using Layout = std::unique_ptr<cublasLtMatrixLayoutOpaque_t, Destroy>;

cudaDataType_t type_of(const at::Tensor& x) {
  switch (x.scalar_type()) {
    case at::kByte:
      return CUDA_R_8F_E4M3;
    case at::kHalf:
      return CUDA_R_16F;
    default:
      return CUDA_R_16BF;
  }
}

/// cuBLASLt counts by columns: our rows are its columns.
Layout layout_of(const at::Tensor& rows) {
  cublasLtMatrixLayout_t layout = nullptr;
  const auto width = static_cast<std::uint64_t>(rows.size(1)),
             count = static_cast<std::uint64_t>(rows.size(0));
  check(library().create_layout(&layout, type_of(rows), width, count, rows.stride(0)), "describe a matrix");
  return Layout(layout);
}

template <class Value>
void set(const Product& product, cublasLtMatmulDescAttributes_t attribute, const Value& value) {
  check(library().set_product(product.get(), attribute, &value, sizeof value), "describe a product");
}

void set_scales(const Product& product, const AskedProduct& asked) {
  const auto each_row = static_cast<std::int32_t>(CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F);
  set(product, CUBLASLT_MATMUL_DESC_A_SCALE_MODE, each_row);
  set(product, CUBLASLT_MATMUL_DESC_B_SCALE_MODE, each_row);
  set(product, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, asked.w_scale_O.const_data_ptr());
  set(product, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, asked.x_scale_T.const_data_ptr());
  set(product, CUBLASLT_MATMUL_DESC_FAST_ACCUM, static_cast<std::int8_t>(1));
}

/// out^T = w x^T, as cuBLASLt counts.
Product product_of(const AskedProduct& asked) {
  cublasLtMatmulDesc_t made = nullptr;
  check(library().create_product(&made, CUBLAS_COMPUTE_32F, CUDA_R_32F), "describe a product");
  Product product(made);
  set(product, CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
  set(product, CUBLASLT_MATMUL_DESC_TRANSB, CUBLAS_OP_N);
  set(product, CUBLASLT_MATMUL_DESC_EPILOGUE,
      asked.with_gelu ? CUBLASLT_EPILOGUE_GELU_BIAS : CUBLASLT_EPILOGUE_BIAS);
  set(product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, asked.bias_O.const_data_ptr());
  set(product, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, static_cast<std::int32_t>(type_of(asked.bias_O)));
  if (asked.w_scale_O.defined()) set_scales(product, asked);
  return product;
}

/// "128x256", or the number of a shape that is not among the usual ones.
std::string tile_text(std::uint32_t tile) {
  static const std::map<std::uint32_t, const char*> usual = {
      {CUBLASLT_MATMUL_TILE_64x64, "64x64"},     {CUBLASLT_MATMUL_TILE_64x128, "64x128"},
      {CUBLASLT_MATMUL_TILE_128x64, "128x64"},   {CUBLASLT_MATMUL_TILE_64x256, "64x256"},
      {CUBLASLT_MATMUL_TILE_256x64, "256x64"},   {CUBLASLT_MATMUL_TILE_128x128, "128x128"},
      {CUBLASLT_MATMUL_TILE_128x160, "128x160"}, {CUBLASLT_MATMUL_TILE_128x192, "128x192"},
      {CUBLASLT_MATMUL_TILE_192x128, "192x128"}, {CUBLASLT_MATMUL_TILE_128x224, "128x224"},
      {CUBLASLT_MATMUL_TILE_128x256, "128x256"}, {CUBLASLT_MATMUL_TILE_256x128, "256x128"},
      {CUBLASLT_MATMUL_TILE_192x256, "192x256"}, {CUBLASLT_MATMUL_TILE_256x192, "256x192"},
      {CUBLASLT_MATMUL_TILE_256x256, "256x256"}};
  const auto found = usual.find(tile);
  return found == usual.end() ? "number " + std::to_string(tile) : found->second;
}

std::string cluster_text(std::uint16_t cluster) {
  static const std::map<std::uint16_t, const char*> usual = {
      {CUBLASLT_CLUSTER_SHAPE_AUTO, "as it likes"}, {CUBLASLT_CLUSTER_SHAPE_1x1x1, "1x1"},
      {CUBLASLT_CLUSTER_SHAPE_2x1x1, "2x1"},        {CUBLASLT_CLUSTER_SHAPE_1x2x1, "1x2"},
      {CUBLASLT_CLUSTER_SHAPE_2x2x1, "2x2"},        {CUBLASLT_CLUSTER_SHAPE_4x1x1, "4x1"},
      {CUBLASLT_CLUSTER_SHAPE_1x4x1, "1x4"}};
  const auto found = usual.find(cluster);
  return found == usual.end() ? "number " + std::to_string(cluster) : found->second;
}

/// 0 where the algorithm has no such thing.
template <class Value>
Value config_of(const cublasLtMatmulAlgo_t& algorithm, cublasLtMatmulAlgoConfigAttributes_t attribute) {
  Value value = 0;
  std::size_t written = 0;
  library().get_config(&algorithm, attribute, &value, sizeof value, &written);
  return value;
}

}  // namespace

struct ProductProposals::Asked {
  explicit Asked(const AskedProduct& of, std::int64_t workspace_bytes)
      : wanted(of),
        product(product_of(of)),
        w_OI(layout_of(of.w_OI)),
        x_TI(layout_of(of.x_TI)),
        out_TO(layout_of(of.out_TO)),
        workspace(at::empty({workspace_bytes}, of.out_TO.options().dtype(at::kByte))) {}

  AskedProduct wanted;
  Product product;
  Layout w_OI, x_TI, out_TO;
  at::Tensor workspace;
  std::vector<cublasLtMatmulHeuristicResult_t> proposals;
};

ProductProposals::ProductProposals(const AskedProduct& asked, std::int64_t workspace_bytes, int most)
    : asked_(std::make_unique<Asked>(asked, workspace_bytes)) {
  cublasLtMatmulPreference_t made = nullptr;
  check(library().create_wish(&made), "take a wish");
  const std::unique_ptr<cublasLtMatmulPreferenceOpaque_t, Destroy> wish(made);
  const auto bytes = static_cast<std::uint64_t>(workspace_bytes);
  check(library().set_wish(wish.get(), CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &bytes, sizeof bytes),
        "take a wish");
  int found = 0;
  asked_->proposals.resize(static_cast<std::size_t>(most));
  check(library().propose(at::cuda::getCurrentCUDABlasLtHandle(), asked_->product.get(), asked_->w_OI.get(),
                          asked_->x_TI.get(), asked_->out_TO.get(), asked_->out_TO.get(), wish.get(), most,
                          asked_->proposals.data(), &found),
        "propose algorithms");
  asked_->proposals.resize(static_cast<std::size_t>(found));
}

ProductProposals::~ProductProposals() = default;

std::size_t ProductProposals::size() const { return asked_->proposals.size(); }

std::string ProductProposals::text_of(std::size_t index) const {
  const cublasLtMatmulHeuristicResult_t& proposal = asked_->proposals.at(index);
  const auto split = config_of<std::int32_t>(proposal.algo, CUBLASLT_ALGO_CONFIG_SPLITK_NUM);
  std::ostringstream text;
  text << "algorithm " << config_of<std::int32_t>(proposal.algo, CUBLASLT_ALGO_CONFIG_ID) << ", tile "
       << tile_text(config_of<std::uint32_t>(proposal.algo, CUBLASLT_ALGO_CONFIG_TILE_ID)) << ", cluster "
       << cluster_text(config_of<std::uint16_t>(proposal.algo, CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID));
  if (split > 1) text << ", inputs in " << split << " parts";
  text << ", " << std::fixed << std::setprecision(2) << proposal.wavesCount << " waves";
  return text.str();
}

bool ProductProposals::compute(std::size_t index, const at::Tensor& w_OI) const {
  const float one = 1, zero = 0;
  void* const out = asked_->wanted.out_TO.mutable_data_ptr();
  const cublasStatus_t status = library().multiply(
      at::cuda::getCurrentCUDABlasLtHandle(), asked_->product.get(), &one, w_OI.const_data_ptr(),
      asked_->w_OI.get(), asked_->wanted.x_TI.const_data_ptr(), asked_->x_TI.get(), &zero, out,
      asked_->out_TO.get(), out, asked_->out_TO.get(), &asked_->proposals.at(index).algo,
      asked_->workspace.mutable_data_ptr(), asked_->workspace.nbytes(), at::cuda::getCurrentCUDAStream());
  return status == CUBLAS_STATUS_SUCCESS;
}

std::int64_t product_workspace_bytes() {
  return static_cast<std::int64_t>(at::cuda::getCUDABlasLtWorkspaceSize());
}

}  // namespace longtake

#else

namespace longtake {

struct ProductProposals::Asked {};

ProductProposals::ProductProposals(const AskedProduct&, std::int64_t, int) {
  throw Error(ErrorKind::Bug, "products of a GPU by a program without kernels for it");
}
ProductProposals::~ProductProposals() = default;
std::size_t ProductProposals::size() const { return 0; }
std::string ProductProposals::text_of(std::size_t) const { return ""; }
bool ProductProposals::compute(std::size_t, const at::Tensor&) const { return false; }
std::int64_t product_workspace_bytes() { return 0; }

}  // namespace longtake

#endif

package dev.chainrule.interop.nd4j;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.TensorType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The element types that both sides have, with the same bits. */
final class ElementTypes {

  /** ND4J's own limit. */
  private static final int MAX_RANK = 32;

  private ElementTypes() {}

  /** An array's type as a tensor's. */
  static TensorType of(INDArray array) {
    return TensorType.of(dtype(array.dataType()), array.shape());
  }

  private static DType dtype(DataType type) {
    return switch (type) {
      case FLOAT -> DType.F32;
      case DOUBLE -> DType.F64;
      case HALF -> DType.F16;
      case BFLOAT16 -> DType.BF16;
      case INT -> DType.I32;
      case LONG -> DType.I64;
      case UBYTE -> DType.U8;
      case BOOL -> DType.BOOL;
      case BYTE, SHORT, UINT16, UINT32, UINT64, UTF8, COMPRESSED, UNKNOWN -> throw new DTypeMismatchException("nd4j",
          "no element type for ND4J's " + type, "Cast the array first: array.castTo(DataType.INT).");
    };
  }

  static DataType dataType(DType dtype) {
    return switch (dtype) {
      case F32 -> DataType.FLOAT;
      case F64 -> DataType.DOUBLE;
      case F16 -> DataType.HALF;
      case BF16 -> DataType.BFLOAT16;
      case I32 -> DataType.INT;
      case I64 -> DataType.LONG;
      case U8 -> DataType.UBYTE;
      case BOOL -> DataType.BOOL;
    };
  }

  static void requireRank(TensorType type) {
    if (type.rank() > MAX_RANK) {
      throw new InvalidArgumentException("nd4j", type + " has " + type.rank() + " axes, ND4J's arrays at most " + MAX_RANK, "");
    }
  }
}

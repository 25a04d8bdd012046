package dev.chainrule.io;

import dev.chainrule.DataFormatException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Collectors;

/**
 * What stands before the elements of a .npy file: magic, version, length and a Python dictionary.
 *
 * @param fortranOrder whether the first index varies fastest
 * @param headerBytes all of them, from the magic to the line break
 */
record NpyHeader(TensorType type, ByteOrder order, boolean fortranOrder, long headerBytes) {

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  /** What version 1.0 can say; longer ones are for structured types, which no tensor has. */
  private static final int MAX_TEXT = 0xffff;
  /** NumPy's own limit. */
  private static final int MAX_RANK = 64;
  /** Some JVMs refuse arrays a few elements short of 2^31. */
  private static final long MAX_BYTES = Integer.MAX_VALUE - 8L;
  private static final int ALIGNMENT = 64;
  /** NumPy leaves room for the first size to grow to so many digits, so that rows can be appended in place. */
  private static final int GROWTH_DIGITS = 21;

  /** The header of version 1.0 that NumPy itself writes for a dense little-endian array. */
  static ByteBuffer encode(String file, TensorType type) {
    String sizes = Arrays.stream(type.shape().dims()).mapToObj(Long::toString).collect(Collectors.joining(", "));
    String tuple = "(" + sizes + (type.rank() == 1 ? ",)" : ")");
    String growth = type.rank() == 0 ? "" : " ".repeat(GROWTH_DIGITS - Long.toString(type.shape().dim(0)).length());
    String literal = "{'descr': '" + descr(file, type) + "', 'fortran_order': False, 'shape': " + tuple + ", }" + growth;
    if (type.rank() > MAX_RANK) {
      throw new InvalidArgumentException(file, type + " has " + type.rank() + " axes; NumPy reads " + MAX_RANK, "");
    }
    int unpadded = MAGIC.length + 4 + literal.length() + 1;
    String text = literal + " ".repeat(Math.floorMod(-unpadded, ALIGNMENT)) + "\n";
    return ByteBuffer.allocate(MAGIC.length + 4 + text.length()).order(ByteOrder.LITTLE_ENDIAN)
        .put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) text.length())
        .put(text.getBytes(StandardCharsets.ISO_8859_1)).flip();
  }

  private static String descr(String file, TensorType type) {
    return switch (type.dtype()) {
      case F16 -> "<f2";
      case F32 -> "<f4";
      case F64 -> "<f8";
      case I32 -> "<i4";
      case I64 -> "<i8";
      case U8 -> "|u1";
      case BOOL -> "|b1";
      case BF16 -> throw new InvalidArgumentException(file, type + ": NumPy has no bf16",
          "Cast it first: cast(DType.F32) loses nothing. Safetensors files hold bf16 as it is.");
    };
  }

  /** Reads from the magic to the end of the header. */
  static NpyHeader read(String file, InputStream in) throws IOException {
    byte[] prefix = exactly(file, in, "magic and version", MAGIC.length + 2);
    if (!Arrays.equals(prefix, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      throw new DataFormatException(file, "not a .npy file: expected it to begin with " + HexFormat.of().formatHex(MAGIC) + ", found "
          + HexFormat.of().formatHex(prefix, 0, MAGIC.length), "");
    }
    int major = prefix[6] & 0xff;
    int minor = prefix[7] & 0xff;
    if (major < 1 || major > 3 || minor != 0) {
      throw new DataFormatException(file, "version " + major + "." + minor + " of the format; expected 1.0, 2.0 or 3.0", "");
    }
    int lengthBytes = major == 1 ? 2 : 4;
    ByteBuffer length = ByteBuffer.wrap(exactly(file, in, "the header's length", lengthBytes)).order(ByteOrder.LITTLE_ENDIAN);
    long textBytes = major == 1 ? Short.toUnsignedLong(length.getShort()) : Integer.toUnsignedLong(length.getInt());
    if (textBytes > MAX_TEXT) {
      throw new DataFormatException(file, "a header of " + textBytes + " bytes; at most " + MAX_TEXT + " are read", "");
    }
    byte[] text = exactly(file, in, "the header", (int) textBytes);
    if (text.length == 0 || text[text.length - 1] != '\n') {
      throw new DataFormatException(file, "the header does not end with a line break", "");
    }
    NpyLiteral.Fields fields = NpyLiteral.parse(file, decode(file, text, major == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1));
    TensorType type = type(file, dtype(file, fields.descr()), fields.shape());
    return new NpyHeader(type, order(file, fields.descr(), type.dtype()), fields.fortranOrder(), prefix.length + lengthBytes + textBytes);
  }

  private static byte[] exactly(String file, InputStream in, String what, int length) throws IOException {
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new DataFormatException(file, "truncated: expected " + length + " bytes of " + what + ", found " + bytes.length, "");
    }
    return bytes;
  }

  private static String decode(String file, byte[] text, Charset charset) {
    try {
      return charset.newDecoder().decode(ByteBuffer.wrap(text)).toString();
    } catch (CharacterCodingException e) {
      throw new DataFormatException(file, "the header is not " + charset, "");
    }
  }

  private static DType dtype(String file, String descr) {
    String kind = descr.isEmpty() ? "" : descr.substring(1);
    return switch (kind) {
      case "f2" -> DType.F16;
      case "f4" -> DType.F32;
      case "f8" -> DType.F64;
      case "i4" -> DType.I32;
      case "i8" -> DType.I64;
      case "u1" -> DType.U8;
      case "b1" -> DType.BOOL;
      case "O" -> throw unsupported(file, descr, "Python objects, which only Python can read");
      case "V2" -> throw unsupported(file, descr, "2 raw bytes, as bfloat16 is saved, which NumPy does not know");
      default -> throw unsupported(file, descr, "not a type of tensors here");
    };
  }

  private static DataFormatException unsupported(String file, String descr, String what) {
    return new DataFormatException(file, "element type '" + descr + "': " + what
        + "; expected f2, f4, f8, i4, i8, u1 or b1 after '<', '>' or '|'", "Convert it before saving: array.astype(numpy.float32).");
  }

  private static ByteOrder order(String file, String descr, DType dtype) {
    char first = descr.charAt(0);
    if (first == '>' || first == '<') {
      return first == '>' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    }
    if (first == '|' && dtype.bytes() == 1) {
      return ByteOrder.nativeOrder();
    }
    throw new DataFormatException(file, "element type '" + descr + "' says no byte order; expected '<' or '>' first", "");
  }

  private static TensorType type(String file, DType dtype, long[] dims) {
    String shown = dtype + Arrays.toString(dims);
    if (dims.length > MAX_RANK) {
      throw new DataFormatException(file, dims.length + " axes; at most " + MAX_RANK + " are read", "");
    }
    TensorType type;
    long bytes;
    try {
      type = new TensorType(dtype, Shape.of(dims));
      bytes = type.bytes();
    } catch (ArithmeticException e) {
      throw new DataFormatException(file, "the header claims " + shown + ", which overflows 64 bits", "");
    }
    if (bytes > MAX_BYTES) {
      throw new DataFormatException(file, "the header claims " + shown + ", " + bytes + " bytes, more than the " + MAX_BYTES
          + " that a host array holds", "");
    }
    return type;
  }
}

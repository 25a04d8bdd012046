package dev.chainrule.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A language that the kernels can be compiled as: a head of its own before the same text. */
public enum Dialect {
  /** OpenCL C 1.2. */
  OPENCL("opencl.h"),
  /** CUDA C. */
  CUDA("cuda.h", "warps.h"),
  /** C++ on the host, for tests and the stand-in. */
  HOST("host.h", "warps.h");

  private static final List<String> COMMON = List.of("types.h", "functions.h", "floats.h", "doubles.h", "products.h");

  private final List<String> preludes;

  Dialect(String... preludes) {
    this.preludes = List.of(preludes);
  }

  /**
   * What comes before kernels.
   *
   * @param f64 whether the device computes in f64
   */
  public String head(boolean f64) {
    return (f64 ? "#define WITH_F64\n" : "")
        + Stream.concat(preludes.stream(), COMMON.stream()).map(Dialect::resource).collect(Collectors.joining());
  }

  /** A file of this package. */
  static String resource(String name) {
    try (InputStream file = Objects.requireNonNull(Dialect.class.getResourceAsStream(name), name)) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

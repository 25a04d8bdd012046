package dev.chainrule.kernels;

import dev.chainrule.graph.DType;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Kernels written by hand, in files of this package: words that begin with a dollar stand for types and whatever else varies. */
final class Template {

  private static final Map<String, String> FILES = new ConcurrentHashMap<>();

  private String label;
  private String text;

  private Template(String label, String text) {
    this.label = label;
    this.text = text;
  }

  /** @param files one after the other make the text; the first gives the kernel its name */
  static Template of(String... files) {
    var text = new StringBuilder();
    for (String file : files) {
      text.append(FILES.computeIfAbsent(file, Dialect::resource));
    }
    return new Template(files[0].substring(0, files[0].indexOf('.')), text.toString());
  }

  /** With a function before it. */
  Template after(String function) {
    text = function + text;
    return this;
  }

  /** With more at the end of the name's beginning. */
  Template and(String name) {
    return called(label + "_" + name);
  }

  /** With another beginning of the kernel's name. */
  Template called(String name) {
    label = name;
    return this;
  }

  Template with(String word, String replacement) {
    text = text.replace("$" + word, replacement);
    return this;
  }

  /** A type, {@code $T}. */
  Template on(DType dtype) {
    return with("T", dtype.toString());
  }

  /** The type of what is only moved, {@code $M}. */
  Template moving(DType dtype) {
    return with("M", ElementType.of(ElementType.moved(dtype)).memory());
  }

  /** The type of indices below a number, {@code $I}. */
  Template counting(long elements) {
    return with("I", elements > Integer.MAX_VALUE ? "u64" : "u32");
  }

  /** For devices with {@link Target#tensorCores} alone. */
  Source tensorCoreSource() {
    return Source.named(label, text, true);
  }

  Source source() {
    return Source.named(label, text);
  }
}

package dev.chainrule.benchmarks.training;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The processors that a process may use, by Linux' numbers. */
record Cores(List<Integer> numbers) {

  Cores {
    numbers = List.copyOf(numbers);
  }

  int count() {
    return numbers.size();
  }

  /** Some of these, the first ones. */
  Cores first(int count) {
    if (count > numbers.size()) {
      throw new IllegalArgumentException("[threads] " + count + " threads, and this process may use " + numbers.size() + " processors");
    }
    return new Cores(numbers.subList(0, count));
  }

  /** {@code 0,1}, as taskset takes it. */
  String text() {
    return numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  /** Of a list such as {@code 0-3,8}. */
  static Cores of(String list) {
    List<Integer> numbers = new ArrayList<>();
    for (String range : list.split(",")) {
      String[] ends = range.trim().split("-");
      IntStream.rangeClosed(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1])).forEach(numbers::add);
    }
    return new Cores(numbers);
  }

  /** Those that this process may use. */
  static Cores allowed() {
    try (var lines = Files.lines(Path.of("/proc/self/status"))) {
      return of(lines.filter(line -> line.startsWith("Cpus_allowed_list:")).findFirst().orElseThrow().split(":")[1].trim());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read which processors this process may use", e);
    }
  }
}

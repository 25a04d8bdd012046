package dev.chainrule.cli;

import dev.chainrule.DataFormatException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.TensorType;
import dev.chainrule.io.Safetensors;
import dev.chainrule.nn.Activation;
import dev.chainrule.nn.Flatten;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Module;
import dev.chainrule.nn.Sequential;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/**
 * A plain network over images: hidden layers of the given sizes with an activation behind each.
 *
 * @param hidden units of each hidden layer
 * @param activation its name
 */
record DigitsNetwork(List<Integer> hidden, String activation) {

  private static final String FORMAT = "chainrule-mnist";

  DigitsNetwork {
    hidden = List.copyOf(hidden);
    if (hidden.stream().anyMatch(n -> n < 1)) {
      throw new InvalidArgumentException("--layers", hidden + ", expected sizes of 1 or more", "");
    }
    Activation.named(activation);
  }

  /** The network for images of this type. */
  Module module(TensorType image, int classes) {
    List<Module> layers = new ArrayList<>(List.of(new Flatten()));
    int width = Math.toIntExact(image.elements());
    for (int units : hidden) {
      layers.add(new Linear(width, units));
      layers.add(Activation.named(activation).layer());
      width = units;
    }
    layers.add(new Linear(width, classes));
    return new Sequential(layers.toArray(Module[]::new));
  }

  /** {@code 784-512-256-10 relu}. */
  String describe(TensorType image, int classes) {
    return image.elements() + "-" + hidden.stream().map(n -> n + "-").collect(Collectors.joining()) + classes + " " + activation;
  }

  void save(Module module, Path file) {
    SequencedMap<String, String> metadata = new LinkedHashMap<>();
    metadata.put("format", FORMAT);
    metadata.put("hidden", hidden.stream().map(String::valueOf).collect(Collectors.joining(",")));
    metadata.put("activation", activation);
    Safetensors.write(file, module.state(), metadata);
  }

  /** The network that a weight file says it holds. */
  static DigitsNetwork of(Path file, Map<String, String> metadata) {
    if (!FORMAT.equals(metadata.get("format"))) {
      throw new DataFormatException(file.toString(), "not written by 'chainrule train mnist --save': its metadata has no format " + FORMAT, "");
    }
    String sizes = entry(file, metadata, "hidden");
    if (!sizes.matches("[0-9]{1,6}(,[0-9]{1,6})*|")) {
      throw new DataFormatException(file.toString(), "metadata 'hidden' is '" + sizes + "', expected sizes such as 512,256", "");
    }
    List<Integer> hidden = sizes.isEmpty() ? List.of() : List.of(sizes.split(",")).stream().map(Integer::valueOf).toList();
    return new DigitsNetwork(hidden, entry(file, metadata, "activation"));
  }

  private static String entry(Path file, Map<String, String> metadata, String key) {
    return Optional.ofNullable(metadata.get(key))
        .orElseThrow(() -> new DataFormatException(file.toString(), "metadata lacks '" + key + "'", ""));
  }
}

package dev.chainrule.kernels;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What has been measured for a device with one driver, as lines of text: a kind, what is chosen for, and what is chosen, such as
 * {@code product 64x1024x256 = 128x64x16/8x4} of {@link ProductTuner}'s. It lies in the user's cache directory, in {@code tuning}, or where
 * the property {@code chainrule.tuning} says.
 *
 * @param device name and driver, the file's first line
 */
public record TuningFile(Path path, String device) {

  private static final String PROPERTY = "chainrule.tuning";
  private static final String ABOUT = "# ";
  private static final String PRODUCT = "product";
  private static final String IS = " = ";
  private static final System.Logger LOG = System.getLogger(TuningFile.class.getName());

  /** Of the name, so that two devices do not meet by chance. */
  private static final int DIGITS = 8;

  /** The file of a device and its driver. */
  public static TuningFile of(String name, String driver) {
    String device = (name + ", driver " + driver).replaceAll("\\s+", " ");
    String given = System.getProperty(PROPERTY, "");
    Path folder = given.isEmpty() ? CacheFolder.ofTheUser().resolve("tuning") : Path.of(given);
    return new TuningFile(folder.resolve(name.replaceAll("\\W+", "-") + "-" + Source.digest(device).substring(0, DIGITS) + ".txt"), device);
  }

  /** The usual tiles where there is no file, or one that is not understood. */
  public ProductTiles read() {
    Map<ProductShape, ProductTile> choices = new HashMap<>();
    for (Map.Entry<String, String> choice : choices(PRODUCT).entrySet()) {
      Optional<ProductShape> shape = ProductShape.parse(choice.getKey());
      Optional<ProductTile> tile = ProductTile.parse(choice.getValue());
      if (shape.isEmpty() || tile.isEmpty()) {
        LOG.log(System.Logger.Level.WARNING, "{0} is not used: \"{1}\" is no choice. Run chainrule tune again.", path,
            PRODUCT + " " + choice.getKey() + IS + choice.getValue());
        return ProductTiles.USUAL;
      }
      choices.put(shape.get(), tile.get());
    }
    return new ProductTiles(choices);
  }

  /** What is chosen, by what for; none where there is no file, or one that cannot be read. */
  public Map<String, String> choices(String kind) {
    Map<String, String> choices = new TreeMap<>();
    for (String line : lines()) {
      if (line.startsWith(kind + " ")) {
        String[] sides = line.substring(kind.length() + 1).split(IS, 2);
        choices.put(sides[0], sides.length == 2 ? sides[1] : "");
      }
    }
    return choices;
  }

  private List<String> lines() {
    if (!Files.exists(path)) {
      return List.of();
    }
    try {
      return Files.readAllLines(path, StandardCharsets.UTF_8);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "{0} is not used: {1}", path, e.toString());
      return List.of();
    }
  }

  /**
   * Whole or not at all.
   *
   * @throws UncheckedIOException when the file cannot be written
   */
  void write(ProductTiles tiles) {
    Map<String, String> choices = new TreeMap<>();
    tiles.choices().forEach((shape, tile) -> choices.put(shape.toString(), tile.toString()));
    write(PRODUCT, choices);
  }

  /**
   * Replaces the choices of a kind, whole or not at all; those of other kinds stay.
   *
   * @throws UncheckedIOException when the file cannot be written
   */
  public void write(String kind, Map<String, String> choices) {
    List<String> lines = new ArrayList<>(lines());
    lines.removeIf(line -> line.startsWith(kind + " ") || line.startsWith(ABOUT));
    choices.forEach((what, choice) -> lines.add(kind + " " + what + IS + choice));
    lines.sort(null);
    lines.addFirst(ABOUT + device);
    try {
      Path folder = Files.createDirectories(path.toAbsolutePath().getParent());
      Path part = Files.createTempFile(folder, "tuning", ".part");
      Files.write(part, lines);
      Files.move(part, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException("the choices could not be written to " + path, e);
    }
  }
}

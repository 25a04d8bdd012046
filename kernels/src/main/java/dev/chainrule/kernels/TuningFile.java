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

/**
 * What {@link ProductTuner} has found for a device with one driver, as lines of text: {@code product 64x1024x256 = 128x64x16/8x4}. It lies
 * in the user's cache directory, in {@code tuning}, or where the property {@code chainrule.tuning} says.
 *
 * @param device name and driver, the file's first line
 */
public record TuningFile(Path path, String device) {

  private static final String PROPERTY = "chainrule.tuning";
  private static final String ABOUT = "# ";
  private static final String PRODUCT = "product ";
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
    if (!Files.exists(path)) {
      return ProductTiles.USUAL;
    }
    try {
      Map<ProductShape, ProductTile> choices = new HashMap<>();
      for (String line : Files.readAllLines(path, StandardCharsets.UTF_8)) {
        if (line.startsWith(PRODUCT)) {
          String[] sides = line.substring(PRODUCT.length()).split(" = ", 2);
          Optional<ProductShape> shape = ProductShape.parse(sides[0]);
          Optional<ProductTile> tile = ProductTile.parse(sides[sides.length - 1]);
          if (shape.isEmpty() || tile.isEmpty()) {
            LOG.log(System.Logger.Level.WARNING, "{0} is not used: \"{1}\" is no choice. Run chainrule tune again.", path, line);
            return ProductTiles.USUAL;
          }
          choices.put(shape.get(), tile.get());
        }
      }
      return new ProductTiles(choices);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "{0} is not used: {1}", path, e.toString());
      return ProductTiles.USUAL;
    }
  }

  /**
   * Whole or not at all.
   *
   * @throws UncheckedIOException when the file cannot be written
   */
  void write(ProductTiles tiles) {
    List<String> lines = new ArrayList<>();
    tiles.choices().forEach((shape, tile) -> lines.add(PRODUCT + shape + " = " + tile));
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

package dev.chainrule.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.chainrule.graph.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Choices of tiles on disk. */
class TuningFileTest {

  private static final ProductTile LARGE = new ProductTile(128, 128, 8, 8, 8);

  @TempDir
  private Path folder;

  private TuningFile file() {
    return new TuningFile(folder.resolve("tuning").resolve("device.txt"), "a device, driver 1");
  }

  @Test
  void whatIsWrittenIsRead() {
    ProductTiles tiles = new ProductTiles(Map.of(new ProductShape(64, 1024, 256), LARGE, new ProductShape(16, 16, 16), ProductTile.DEFAULT));
    file().write(tiles);
    assertEquals(tiles, file().read());
  }

  @Test
  void kindsOfChoicesLeaveEachOtherAlone() {
    ProductTiles tiles = new ProductTiles(Map.of(new ProductShape(64, 1024, 256), LARGE));
    file().write("algorithm", Map.of("one 64x64", "3", "another", "0"));
    file().write(tiles);
    file().write("algorithm", Map.of("one 64x64", "1"));
    assertEquals(Map.of("one 64x64", "1"), file().choices("algorithm"));
    assertEquals(tiles, file().read());
    assertEquals(Map.of(), file().choices("engine"));
  }

  @Test
  void withoutAFileAllTilesAreUsual() {
    assertEquals(ProductTiles.USUAL, file().read());
  }

  /** By hand, or by another version with other tiles. */
  @Test
  void aFileThatIsNotUnderstoodIsNotUsed() throws IOException {
    file().write(new ProductTiles(Map.of(new ProductShape(64, 64, 64), LARGE)));
    Files.writeString(file().path(), "product 64x64 = 128x128x8/8x8\n");
    assertEquals(ProductTiles.USUAL, file().read());
    Files.writeString(file().path(), "product 64x64x64 = 48x48x8/3x3\n");
    assertEquals(ProductTiles.USUAL, file().read());
  }

  @Test
  void devicesAndDriversHaveFilesOfTheirOwn() {
    assertNotEquals(TuningFile.of("a", "1").path(), TuningFile.of("a", "2").path());
    assertNotEquals(TuningFile.of("a b", "1").path(), TuningFile.of("a-b", "1").path());
  }

  @Test
  void productsOfSimilarSizeShareAChoice() {
    ProductTiles tiles = new ProductTiles(Map.of(new ProductShape(64, 1024, 256), LARGE));
    assertEquals(LARGE, tiles.of(DType.F32, 128, 784, 200));
    assertEquals(LARGE, tiles.of(DType.BF16, 33, 2048, 512));
    assertEquals(ProductTile.DEFAULT, tiles.of(DType.F32, 129, 784, 200));
    assertEquals(ProductTile.DEFAULT, tiles.of(DType.F64, 64, 1024, 256));
    assertEquals(new ProductShape(16, 4096, 16), new ProductShape(0, 1L << 40, 32));
  }

  @Test
  void candidatesFitTheirGroupAndSharedMemory() {
    for (ProductTile tile : ProductTile.CANDIDATES) {
      assertEquals(Source.THREADS, tile.rows() / tile.ownRows() * (tile.columns() / tile.ownColumns()), tile.toString());
      assertEquals(0, 256 % tile.depth(), tile.toString());
      assertEquals(0, tile.depth() * (tile.rows() + tile.columns() + 8) * Float.BYTES / (32 * 1024), tile.toString());
    }
  }
}

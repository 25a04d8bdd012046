package dev.chainrule.datasets;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import dev.chainrule.DataFormatException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A table of text with named columns, read from CSV (RFC 4180; the first line names the columns), whose columns become arrays:
 *
 * <pre>{@code
 * CsvTable iris = CsvTable.read(Path.of("iris.csv"));
 * CsvTable.Classes species = iris.classes("species");
 * Dataset data = Dataset.of(Column.of(iris.numbers("sepalLength", "sepalWidth")), Column.of(species.numbers()));
 * }</pre>
 */
public final class CsvTable {

  private final String source;
  private final List<String> columns;
  private final List<Row> rows;

  /** The cells of one line or, where cells have line breaks, of several. */
  private record Row(long line, List<String> cells) {}

  /**
   * A column of names, each as the number of a class.
   *
   * @param names of the classes in alphabetical order: class i is called {@code names.get(i)}
   * @param numbers i32[rows]
   */
  public record Classes(List<String> names, HostArray numbers) {
    /** Copies the list. */
    public Classes {
      Objects.requireNonNull(numbers, "numbers");
      names = List.copyOf(names);
    }
  }

  private CsvTable(String source, List<String> columns, List<Row> rows) {
    this.source = source;
    this.columns = columns;
    this.rows = rows;
  }

  /**
   * Reads a file in UTF-8.
   *
   * @throws DataFormatException if it has no first line, a column twice, a row of another number of cells, or an open quote
   * @throws UncheckedIOException if it cannot be read
   */
  public static CsvTable read(Path file) {
    try (var in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      return read(file.toString(), in);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  /**
   * Reads all of {@code text}; the caller closes it.
   *
   * @param source what the text is, for messages
   * @throws DataFormatException as of {@link #read(Path)}
   */
  public static CsvTable read(String source, Reader text) {
    Objects.requireNonNull(source, "source");
    List<Row> rows = new ArrayList<>();
    // Rows of another length are found below, where their lines are known. Left open, since it would close the caller's reader.
    CsvReader<CsvRecord> reader = CsvReader.builder().extraFieldStrategy(FieldMismatchStrategy.IGNORE)
        .missingFieldStrategy(FieldMismatchStrategy.IGNORE).allowUnclosedQuote(false).ofCsvRecord(text);
    try {
      reader.forEach(record -> rows.add(new Row(record.getStartingLineNumber(), List.copyOf(record.getFields()))));
    } catch (CsvParseException e) {
      throw new DataFormatException(source, "not CSV: " + e.getMessage() + (e.getCause() == null ? "" : ": " + e.getCause().getMessage()), "");
    }
    if (rows.isEmpty()) {
      throw new DataFormatException(source, "no lines; expected the first to name the columns", "");
    }
    List<String> columns = rows.removeFirst().cells;
    if (new LinkedHashSet<>(columns).size() < columns.size()) {
      throw new DataFormatException(source, "two columns of one name among " + columns, "");
    }
    for (Row row : rows) {
      if (row.cells.size() != columns.size()) {
        throw new DataFormatException(source, "line " + row.line + " has " + row.cells.size() + " cells, expected " + columns.size(), "");
      }
    }
    return new CsvTable(source, columns, List.copyOf(rows));
  }

  /** The names of the columns, from left to right. */
  public List<String> columns() {
    return columns;
  }

  /** The number of rows, without the one that names the columns. */
  public int size() {
    return rows.size();
  }

  /** Only the rows that have something in each of these columns; without any named, in all columns. */
  public CsvTable complete(String... names) {
    List<Integer> places = names.length == 0 ? Stream.iterate(0, i -> i + 1).limit(columns.size()).toList()
        : Stream.of(names).map(this::place).toList();
    return new CsvTable(source, columns, rows.stream().filter(r -> places.stream().noneMatch(p -> r.cells.get(p).isBlank())).toList());
  }

  /** A column's cells, from top to bottom. */
  public List<String> text(String column) {
    int place = place(column);
    return rows.stream().map(r -> r.cells.get(place)).toList();
  }

  /**
   * Columns of numbers side by side.
   *
   * @return f32[rows, columns]
   * @throws DataFormatException naming line and column of a cell that is not a finite decimal number
   */
  public HostArray numbers(String... names) {
    if (names.length == 0) {
      throw new InvalidArgumentException("csv", "no columns named", "This table has " + columns + ".");
    }
    float[] values = new float[Math.multiplyExact(rows.size(), names.length)];
    for (int c = 0; c < names.length; c++) {
      int place = place(names[c]);
      for (int r = 0; r < rows.size(); r++) {
        values[r * names.length + c] = number(rows.get(r), place);
      }
    }
    return HostArray.ofFloats(TensorType.of(DType.F32, rows.size(), names.length), values);
  }

  private float number(Row row, int place) {
    String cell = row.cells.get(place).strip();
    float value = Float.NaN;
    if (cell.matches("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?")) {
      value = Float.parseFloat(cell);
    }
    if (!Float.isFinite(value)) {
      throw new DataFormatException(source, "line " + row.line + ", column " + columns.get(place) + ": '" + cell
          + "' is not a number", cell.isEmpty() ? "complete() leaves rows with empty cells out." : "");
    }
    return value;
  }

  /** A column of names as classes: those that occur, in alphabetical order. An empty cell is an error. */
  public Classes classes(String column) {
    return classes(column, List.copyOf(new TreeSet<>(text(column))));
  }

  /**
   * A column of names as the classes that another table had, for data to test on.
   *
   * @throws DataFormatException naming the line of a cell that is none of them
   */
  public Classes classes(String column, List<String> names) {
    int place = place(column);
    long[] numbers = new long[rows.size()];
    for (int r = 0; r < numbers.length; r++) {
      String cell = rows.get(r).cells.get(place);
      numbers[r] = names.indexOf(cell);
      if (numbers[r] < 0 || cell.isBlank()) {
        throw new DataFormatException(source, "line " + rows.get(r).line + ", column " + column + ": '" + cell + "' is no class"
            + (cell.isBlank() ? "" : ", expected one of " + names), "");
      }
    }
    return new Classes(names, HostArray.ofLongs(TensorType.of(DType.I32, numbers.length), numbers));
  }

  private int place(String column) {
    int place = columns.indexOf(column);
    if (place < 0) {
      throw new InvalidArgumentException("csv", "no column '" + column + "' in " + source, "It has " + columns + ".");
    }
    return place;
  }
}

package dev.chainrule.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DataFormatException;
import dev.chainrule.InvalidArgumentException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {

  @TempDir Path directory;

  @Test
  void everyKindOfValueIsRead() {
    var members = new LinkedHashMap<String, Json>();
    members.put("a", new Json.Int(-12));
    members.put("", new Json.Real(-0.5e3));
    members.put("b", new Json.Arr(List.of(new Json.Bool(true), new Json.Bool(false), new Json.Null(), new Json.Arr(List.of()))));
    members.put("c", new Json.Obj(new LinkedHashMap<>()));
    assertEquals(new Json.Obj(members), Json.parse("t", " {\"a\": -12,\r\n\"\":-0.5e3,\t\"b\":[true,false , null,[ ]],\"c\":{ }} "));
  }

  @Test
  void escapesAreReadAndWritten() {
    String text = "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\ude00\\u0000\"";
    assertEquals(new Json.Str("\"\\/\b\f\n\r\té😀\0"), Json.parse("t", text));
    assertEquals("\"\\\"\\\\/\\u0008\\u000c\\n\\r\\té😀\\u0000\"", new Json.Str("\"\\/\b\f\n\r\té😀\0").text());
  }

  @Test
  void largestIntegersAreExact() {
    assertEquals(new Json.Int(Long.MAX_VALUE), Json.parse("t", "9223372036854775807"));
    assertEquals(new Json.Int(Long.MIN_VALUE), Json.parse("t", "-9223372036854775808"));
    assertEquals("9007199254740993", Json.of(9007199254740993L).text());
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "", " ", "{", "[", "[1", "[1,", "[1,]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "[1 2]", "1 2",
      "01", "-", "+1", ".5", "1.", "1e", "1e+", "0x1", "1f", "NaN", "Infinity", "-Infinity", "tru", "True", "nul", "'a'", "\"", "\"\\\"",
      "\"\\x\"", "\"\\u12g4\"", "\"\\u12", "\"a\nb\"", "\"\t\"", "\u00a01", "\ufeff1", "[1]]", "}", "/* c */1", "\"\\ud800\"",
      "\"\\ude00\\ud83d\"", "9223372036854775808", "1e999", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "\u0000"})
  void whatIsNotJsonIsRefused(String text) {
    var e = assertThrows(DataFormatException.class, () -> Json.parse("some file", text));
    assertTrue(e.getMessage().startsWith("[some file] JSON at offset "), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      [1, x]                | offset 4: expected a value, found 'x'
      {"a":1 "b":2}         | offset 7: expected '}', found '"'
      [1                    | offset 2: expected ']', found the end
      {"a":1,"a":2}         | offset 7: duplicate key 'a'
      [9223372036854775808] | offset 1: integer 9223372036854775808 does not fit 64 bits
      """)
  void errorsNameTheOffset(String text, String message) {
    var e = assertThrows(DataFormatException.class, () -> Json.parse("t", text));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void depthIsLimited() {
    Json deepest = Json.parse("t", "[".repeat(100) + "1" + "]".repeat(100));
    assertEquals("[".repeat(100) + "1" + "]".repeat(100), deepest.text());
    assertThrows(DataFormatException.class, () -> Json.parse("t", "[".repeat(101) + "]".repeat(101)));
    assertThrows(DataFormatException.class, () -> Json.parse("t", "{\"a\":".repeat(1_000_000)));
    assertThrows(InvalidArgumentException.class, () -> new Json.Arr(List.of(deepest)).text());
  }

  @Test
  void malformedUtf8IsRefused() {
    ByteBuffer latin1 = ByteBuffer.wrap("\"é\"".getBytes(StandardCharsets.ISO_8859_1));
    var e = assertThrows(DataFormatException.class, () -> Json.parse("t", latin1));
    assertTrue(e.getMessage().contains("not UTF-8 at byte 1"), e.getMessage());
  }

  @Test
  void numbersHaveTheirShortestForm() {
    assertEquals("[0.1,0.1,0.30000000000000004,1.0,-0.0,3.4028235E38,4.9E-324]",
        Json.of(List.of(0.1, 0.1f, 0.1 + 0.2, 1f, -0.0, Float.MAX_VALUE, Double.MIN_VALUE)).text());
  }

  @Test
  void everyFloatReadsBackAsItself() {
    for (int bits = 0; bits < 0x7f800000; bits += 65_537) {
      float value = Float.intBitsToFloat(bits);
      double read = Json.parse("t", Json.of(value).text()).asDouble().orElseThrow();
      assertEquals(value, (float) read);
    }
  }

  @Test
  void nonFiniteNumbersAreStringsAndReadBack() {
    Json json = Json.of(List.of(Float.NaN, Double.NaN, Double.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY));
    assertEquals("[\"NaN\",\"NaN\",\"Infinity\",\"-Infinity\"]", json.text());
    assertEquals(Optional.of(Double.NEGATIVE_INFINITY), new Json.Str("-Infinity").asDouble());
    assertEquals(Optional.of(Double.NaN), new Json.Str("NaN").asDouble());
    assertEquals(Optional.empty(), new Json.Str("nan").asDouble());
    assertThrows(InvalidArgumentException.class, () -> new Json.Real(Double.NaN));
  }

  @Test
  void orderIsTheMapsOwnOrSorted() {
    var ordered = new LinkedHashMap<String, Object>();
    ordered.put("z", 1);
    ordered.put("a", Map.of("y", true, "b", 2, "m", "x"));
    assertEquals("{\"z\":1,\"a\":{\"b\":2,\"m\":\"x\",\"y\":true}}", Json.of(ordered).text());
  }

  @Test
  void prettyIndentsByTwo() {
    var map = new LinkedHashMap<String, Object>();
    map.put("a", List.of(1, 2));
    map.put("b", List.of());
    assertEquals("{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": []\n}\n", Json.of(map).pretty());
  }

  @Test
  void otherTypesAreRefused() {
    assertThrows(InvalidArgumentException.class, () -> Json.of(new Object()));
    assertThrows(InvalidArgumentException.class, () -> Json.of(Map.of(1, 2)));
    assertThrows(InvalidArgumentException.class, () -> Json.of(Set.of(1, 2)));
    assertThrows(InvalidArgumentException.class, () -> Json.of("\ud800").text());
  }

  @Test
  void filesRoundTrip() throws Exception {
    Path file = directory.resolve("summary.json");
    Json json = Json.of(Map.of("loss", 0.125f, "name", "é"));
    json.write(file);
    assertEquals("{\n  \"loss\": 0.125,\n  \"name\": \"é\"\n}\n", Files.readString(file));
    assertEquals(json, Json.read(file));
  }
}

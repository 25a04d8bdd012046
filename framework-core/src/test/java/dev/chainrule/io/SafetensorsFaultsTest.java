package dev.chainrule.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DataFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every way in which a safetensors file can be wrong, and the message that says so. */
class SafetensorsFaultsTest {

  @TempDir Path directory;

  private static byte[] bytes(String header, int dataBytes) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).put(json).array();
  }

  private Safetensors read(byte[] bytes) throws IOException {
    return Safetensors.read(Files.write(directory.resolve("broken.safetensors"), bytes));
  }

  private void assertRefused(byte[] bytes, String message) {
    var e = assertThrows(DataFormatException.class, () -> read(bytes));
    assertTrue(e.getMessage().contains(message), e.getMessage());
    assertTrue(e.getMessage().contains("broken.safetensors"), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
      {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}            | 8  | JSON at offset 53: expected '}', found the end
      []                                                               | 0  | does not begin with '{'
      {}                                                               | 8  | 8 bytes left over: the tensors end at 0, the data at 8
      {"w":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}           | 8  | 'w': unknown dtype "C64"; expected one of [F32, F64,
      {"w":{"dtype":"f32","shape":[2],"data_offsets":[0,8]}}           | 8  | 'w': unknown dtype "f32"
      {"w":{"dtype":32,"shape":[2],"data_offsets":[0,8]}}              | 8  | 'w': unknown dtype 32
      {"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}          | 8  | 'w': shape [-2] has an element that is not a whole
      {"w":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}         | 8  | 'w': shape [2.0] has an element that is not a whole
      {"w":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}             | 8  | 'w': shape is not an array: 2
      {"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}} | 8 | 'w': F32[4294967296, 4294967296] overflows
      {"w":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,8]}}   | 8 | 'w': F32[4611686018427387904] overflows
      {"w":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}  | 8 | integer 99999999999999999999 does not fit
      {"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}           | 8  | 'w': data_offsets [8, 0] are out of order
      {"w":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}          | 8  | 'w': data_offsets [-8,0] has an element that is not
      {"w":{"dtype":"F32","shape":[2],"data_offsets":[0]}}             | 8  | 'w': expected two data_offsets, found [0]
      {"w":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}          | 8  | 'w': data_offsets [0, 12] reach outside the file, which has 8
      {"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}           | 8  | 'w': F32[3] takes 12 bytes, data_offsets [0, 8] span 8
      {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}           | 12 | 4 bytes left over: the tensors end at 8, the data at 12
      {"w":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}          | 12 | 'w' leaves a hole after the header: it begins at 4
      {"w":{"dtype":"F32","shape":[2]}}                                | 8  | 'w': expected an object of dtype, shape and data_offsets
      {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}     | 8  | 'w': expected an object of dtype, shape and data_offsets
      {"w":null}                                                       | 8  | 'w': expected an object of dtype, shape
      {"__metadata__":"x"}                                             | 0  | __metadata__ is not an object
      {"__metadata__":{"epoch":3}}                                     | 0  | __metadata__ 'epoch' is not a string
      """)
  void faultsOfTheHeader(String header, int dataBytes, String message) {
    assertRefused(bytes(header, dataBytes), message);
  }

  /** Header names, shapes and offsets of two U8 tensors. */
  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
      v | 2 | 0,2 | w | 2 | 1,3 | 3 | 'w' overlaps 'v': it begins at 1, expected 2
      v | 2 | 0,2 | w | 2 | 3,5 | 5 | 'w' leaves a hole after 'v': it begins at 3, expected 2
      v | 2 | 0,2 | w | 2 | 0,2 | 2 | 'w' overlaps 'v': it begins at 0, expected 2
      v | 2 | 0,2 | w | 0 | 1,1 | 2 | 'w' overlaps 'v': it begins at 1, expected 2
      w | 1 | 0,1 | w | 1 | 1,2 | 2 | duplicate key 'w'
      """)
  void faultsBetweenTensors(
      String first, int size1, String offsets1, String second, int size2, String offsets2, int dataBytes, String message) {
    String tensor = "\"%s\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[%s]}";
    String header = "{" + tensor.formatted(first, size1, offsets1) + "," + tensor.formatted(second, size2, offsets2) + "}";
    assertRefused(bytes(header, dataBytes), message);
  }

  @Test
  void faultsOfTheLength() {
    assertRefused(new byte[0], "at least 8 bytes, this has 0");
    assertRefused(new byte[7], "at least 8 bytes, this has 7");
    assertRefused(new byte[8], "does not begin with '{'");
    assertRefused(ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN).putLong(3).array(), "header length 3, but only 2 bytes follow");
    assertRefused(ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN).putLong(100_000_001).array(), "100000001 is above the limit");
    assertRefused(ByteBuffer.allocate(10).putLong(-1).array(), "header length 18446744073709551615 is above the limit");
  }

  @Test
  void headersMustBeUtf8() {
    byte[] bytes = bytes("{\"?\":1}", 0);
    bytes[10] = (byte) 0xff;
    assertRefused(bytes, "not UTF-8 at byte 2");
  }

  @Test
  void boolsMustBeZeroOrOne() {
    byte[] bytes = bytes("{\"m\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2);
    bytes[bytes.length - 1] = 2;
    assertRefused(bytes, "'m' of bool[2]: element 1 is 2, expected 0 or 1");
  }

  @Test
  void headerOrderNeedNotBeDataOrder() throws IOException {
    byte[] bytes = bytes("{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]},"
        + "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 2);
    bytes[bytes.length - 1] = 7;
    var read = read(bytes);
    assertEquals("b", read.tensors().firstEntry().getKey());
    assertEquals(7, read.tensors().firstEntry().getValue().longAt(0));
  }

  @Test
  void randomDamageIsAnErrorOrAValidFile() throws IOException {
    String header = "{\"__metadata__\":{\"epoch\":\"3\"},\"layer.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
        + "\"mask\":{\"dtype\":\"BOOL\",\"shape\":[5],\"data_offsets\":[24,29]}}";
    byte[] sound = bytes(header, 29);
    assertEquals(2, read(sound).tensors().size());
    var random = new Random(7);
    int refused = 0;
    for (int round = 0; round < 5_000; round++) {
      byte[] damaged = Arrays.copyOf(sound, round % 10 == 0 ? random.nextInt(sound.length) : sound.length);
      for (int flips = random.nextInt(3); flips >= 0 && damaged.length > 0; flips--) {
        int at = random.nextInt(damaged.length);
        int likely = "0123456789{}[]\",:-e.".charAt(random.nextInt(20));
        damaged[at] = (byte) (random.nextBoolean() ? damaged[at] ^ 1 << random.nextInt(8) : likely);
      }
      try {
        read(damaged);
      } catch (DataFormatException e) {
        refused++;
      }
    }
    assertTrue(refused > 3_000, "refused " + refused);
  }
}

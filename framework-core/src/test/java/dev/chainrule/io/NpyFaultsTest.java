package dev.chainrule.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DataFormatException;
import dev.chainrule.graph.HostArray;
import java.io.ByteArrayInputStream;
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

/** Every way in which a .npy file can be wrong, and the message that says so. */
class NpyFaultsTest {

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

  @TempDir Path directory;

  private static byte[] bytes(String header, int dataBytes) {
    byte[] text = (header + "\n").getBytes(StandardCharsets.ISO_8859_1);
    return ByteBuffer.allocate(10 + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN)
        .put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) text.length).put(text).array();
  }

  private HostArray read(byte[] bytes) throws IOException {
    return Npy.read(Files.write(directory.resolve("broken.npy"), bytes));
  }

  private void assertRefused(byte[] bytes, String message) {
    var e = assertThrows(DataFormatException.class, () -> read(bytes));
    assertTrue(e.getMessage().contains(message), e.getMessage());
    assertTrue(e.getMessage().contains("broken.npy"), e.getMessage());
    var stream = assertThrows(DataFormatException.class, () -> Npy.read("a stream", new ByteArrayInputStream(bytes)));
    assertTrue(stream.getMessage().contains("a stream"), stream.getMessage());
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', quoteCharacter = '`', textBlock = """
      {'descr': '<f4', 'fortran_order': False, 'shape': (2,), }        ; 7  ; f32[2] takes 8 bytes after the header, found 7
      {'descr': '<f4', 'fortran_order': False, 'shape': (2,), }        ; 9  ; f32[2] takes 8 bytes after the header, found 9
      {'descr': '<f4', 'fortran_order': False, 'shape': (2), }         ; 8  ; shape is a number in brackets, expected a tuple such as (2,)
      {'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }       ; 8  ; expected a size of 0 or more, found '-2,), }'
      {'descr': '<f4', 'fortran_order': False, 'shape': (2.0,), }      ; 8  ; expected ',' or ')', found '.0,), }'
      {'descr': '<f4', 'fortran_order': False, 'shape': (2 2), }       ; 8  ; expected ',' or ')', found '2), }'
      {'descr': '<f4', 'fortran_order': False, 'shape': [2], }         ; 8  ; expected '(', found '[2], }'
      {'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), } ; 8 ; f32[4294967296, 4294967296], which overflows
      {'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,), }   ; 8 ; f32[4611686018427387904], which overflows
      {'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }  ; 8 ; size 99999999999999999999 does not fit 64 bits
      {'descr': '|u1', 'fortran_order': False, 'shape': (2147483647,), }            ; 8 ; 2147483647 bytes, more than the 2147483639
      {'descr': '<f4', 'fortran_order': 0, 'shape': (2,), }            ; 8  ; expected True or False, found '0, 'shape': (2,), }'
      {'descr': '<f4', 'fortran_order': False}                         ; 8  ; the keys [descr, fortran_order], expected [descr, fortran_order, shape]
      {}                                                               ; 0  ; the header has the keys []
      {'descr': '<f4', 'descr': '<f4'}                                 ; 8  ; duplicate key 'descr'
      {'descr': '<f4', 'order': 'C'}                                   ; 8  ; unknown key 'order'
      {'descr': '<f4' 'fortran_order': False}                          ; 8  ; expected '}', found ''fortran_order': False}'
      {'descr: }                                                       ; 8  ; string without an end
      {'descr': '<f\\x34', 'fortran_order': False, 'shape': (2,), }    ; 8  ; string with a backslash
      {descr: '<f4'}                                                   ; 8  ; expected a string, found 'descr: '<f4'}'
      {'descr': '<f4', 'fortran_order': False, 'shape': (2,), } x      ; 8  ; expected spaces and a line break only, found 'x'
      ['descr']                                                        ; 8  ; expected '{', found '['descr']'
      {'descr': '<c8', 'fortran_order': False, 'shape': (1,), }        ; 8  ; element type '<c8': not a type of tensors here
      {'descr': 'f4', 'fortran_order': False, 'shape': (2,), }         ; 8  ; element type 'f4': not a type
      {'descr': '=f4', 'fortran_order': False, 'shape': (2,), }        ; 8  ; element type '=f4' says no byte order
      {'descr': '|f4', 'fortran_order': False, 'shape': (2,), }        ; 8  ; element type '|f4' says no byte order
      {'descr': '', 'fortran_order': False, 'shape': (2,), }           ; 8  ; element type ''
      {'descr': '<u4', 'fortran_order': False, 'shape': (2,), }        ; 8  ; element type '<u4'
      {'descr': '<M8[ns]', 'fortran_order': False, 'shape': (1,), }    ; 8  ; element type '<M8[ns]'
      """)
  void faultsOfTheHeader(String header, int dataBytes, String message) {
    assertRefused(bytes(header, dataBytes), message);
  }

  @Test
  void faultsBeforeTheHeader() {
    assertRefused(new byte[0], "expected 8 bytes of magic and version, found 0");
    assertRefused(new byte[8], "expected it to begin with 934e554d5059, found 000000000000");
    byte[] sound = bytes("{'descr': '|u1', 'fortran_order': False, 'shape': (), }", 1);
    for (int version : new int[] {0, 4, 255}) {
      byte[] wrong = sound.clone();
      wrong[6] = (byte) version;
      assertRefused(wrong, "version " + version + ".0 of the format; expected 1.0, 2.0 or 3.0");
    }
    byte[] minor = sound.clone();
    minor[7] = 1;
    assertRefused(minor, "version 1.1");
    assertRefused(Arrays.copyOf(sound, 9), "expected 2 bytes of the header's length, found 1");
    assertRefused(Arrays.copyOf(sound, 30), "bytes of the header, found 20");
    byte[] unended = sound.clone();
    unended[sound.length - 2] = ' ';
    assertRefused(unended, "does not end with a line break");
    byte[] long2 = ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN).put(MAGIC).put((byte) 2).put((byte) 0).putInt(-1).array();
    assertRefused(long2, "a header of 4294967295 bytes; at most 65535 are read");
    byte[] utf8 = ByteBuffer.allocate(14).order(ByteOrder.LITTLE_ENDIAN).put(MAGIC).put((byte) 3).put((byte) 0).putInt(2)
        .put((byte) 0xff).put((byte) '\n').array();
    assertRefused(utf8, "the header is not UTF-8");
  }

  @Test
  void moreAxesThanNumpyHasAreRefused() {
    assertRefused(bytes("{'descr': '|u1', 'fortran_order': True, 'shape': (" + "1, ".repeat(65) + "), }", 1), "65 axes; at most 64");
  }

  @Test
  void truthIsOneOrZero() {
    byte[] bytes = bytes("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", 2);
    bytes[bytes.length - 1] = 2;
    assertRefused(bytes, "byte 1 of the elements is 2, expected 0 or 1");
  }

  @Test
  void whatNumpyWritesOfTypesThatNobodyHasHereIsRefused() throws IOException {
    assertRefused(Files.readAllBytes(NpyTest.numpy("complex.npy")), "element type '<c8'");
    assertRefused(Files.readAllBytes(NpyTest.numpy("table.npy")), "a structured element type");
    assertRefused(Files.readAllBytes(NpyTest.numpy("objects.npy")), "Python objects");
    assertRefused(Files.readAllBytes(NpyTest.numpy("raw2.npy")), "as bfloat16 is saved");
  }

  @Test
  void otherSpellingsOfTheSameDictionaryAreRead() throws IOException {
    HostArray zeros = read(bytes("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8));
    assertEquals(zeros, read(bytes("{\"shape\":(2L,),\"fortran_order\":True,\"descr\":\">f4\"}", 8)));
    assertEquals(zeros, read(bytes("  { 'shape' : ( 2 , ) ,\n 'fortran_order' : False , 'descr' : '<f4' }   ", 8)));
  }

  @Test
  void randomDamageIsAnErrorOrAValidFile() throws IOException {
    byte[] sound = bytes("{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3), }", 24);
    read(sound);
    var random = new Random(7);
    int refused = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] damaged = Arrays.copyOf(sound, round % 10 == 0 ? random.nextInt(sound.length) : sound.length);
      for (int flips = random.nextInt(3); flips >= 0 && damaged.length > 0; flips--) {
        int at = random.nextInt(damaged.length);
        int likely = "0123456789{}()'\",: <>|fiubTrueFalse".charAt(random.nextInt(30));
        damaged[at] = (byte) (random.nextBoolean() ? damaged[at] ^ 1 << random.nextInt(8) : likely);
      }
      try {
        Npy.read("damaged", new ByteArrayInputStream(damaged));
      } catch (DataFormatException e) {
        refused++;
      }
    }
    assertTrue(refused > 10_000 && refused < 20_000, "refused " + refused);
  }

  @Test
  void aClaimTakesNoMemoryBeforeItsBytesAreThere() {
    byte[] bytes = bytes("{'descr': '|u1', 'fortran_order': False, 'shape': (2147480000,), }", 8);
    for (int i = 0; i < 200; i++) { // 400 GB, were the claims believed
      assertRefused(bytes, "u8[2147480000] takes 2147480000 bytes after the header, found 8");
    }
  }
}

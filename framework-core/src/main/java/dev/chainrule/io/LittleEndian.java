package dev.chainrule.io;

import dev.chainrule.graph.HostArray;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;

/** Writes arrays as the formats here want them: little-endian, without a second copy in memory where the machine is so, too. */
final class LittleEndian {

  /** A channel keeps a direct buffer as large as the largest heap buffer it was given. */
  private static final int CHUNK = 1 << 20;

  private LittleEndian() {}

  /** The elements' bytes, each element little-endian; read-only. */
  static ByteBuffer bytes(HostArray array) {
    HostArray little = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? array
        : HostArray.copyOf(array.type(), array.segment(), ByteOrder.LITTLE_ENDIAN);
    return little.segment().asByteBuffer();
  }

  static void write(WritableByteChannel channel, HostArray array) throws IOException {
    ByteBuffer bytes = bytes(array);
    for (int at = 0; at < bytes.limit(); at += CHUNK) {
      write(channel, bytes.slice(at, Math.min(CHUNK, bytes.limit() - at)));
    }
  }

  static void write(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}

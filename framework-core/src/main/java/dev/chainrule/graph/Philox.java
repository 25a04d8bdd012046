package dev.chainrule.graph;

/**
 * Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011): a keyed
 * bijection of 128-bit counters. The same key and counter give the same bits on every device, in any order.
 */
public final class Philox {

  private static final long M0 = 0xD2511F53L;
  private static final long M1 = 0xCD9E8D57L;
  private static final int W0 = 0x9E3779B9;
  private static final int W1 = 0xBB67AE85;

  private Philox() {}

  /** Four random words for the counter (c0, c1, c2, c3) under the key (k0, k1). */
  public static int[] block(int c0, int c1, int c2, int c3, int k0, int k1) {
    for (int round = 0; round < 10; round++) {
      long p0 = M0 * (c0 & 0xffffffffL);
      long p1 = M1 * (c2 & 0xffffffffL);
      int n0 = (int) (p1 >>> 32) ^ c1 ^ k0;
      int n2 = (int) (p0 >>> 32) ^ c3 ^ k1;
      c1 = (int) p1;
      c3 = (int) p0;
      c0 = n0;
      c2 = n2;
      k0 += W0;
      k1 += W1;
    }
    return new int[] {c0, c1, c2, c3};
  }

  /** The 64-bit key of a stream: the seed and the stream's own number, mixed so that neighbouring seeds share nothing. */
  public static long key(long seed, long stream) {
    return mix(seed + 0x9E3779B97F4A7C15L * (mix(stream) | 1));
  }

  /** A name (a module path and the number of the random call under it) as a stream number: FNV-1a, then mixed. */
  public static long stream(String name, int call) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < name.length(); i++) {
      hash = (hash ^ name.charAt(i)) * 0x100000001b3L;
    }
    return mix(hash + call);
  }

  /** The finaliser of SplitMix64 (Steele, Lea, Flood, 2014): a bijection of 64 bits. */
  public static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}

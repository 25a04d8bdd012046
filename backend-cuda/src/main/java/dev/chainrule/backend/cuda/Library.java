package dev.chainrule.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;

/**
 * An open shared library.
 *
 * @param path where it was found, or its name alone if the operating system knew where
 */
record Library(String path, SymbolLookup symbols) {

  /**
   * Address of a function.
   *
   * @throws java.util.NoSuchElementException if the library lacks it
   */
  MemorySegment function(String name) {
    return symbols.findOrThrow(name);
  }
}

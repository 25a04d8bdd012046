/** Files: safetensors and NumPy's formats for tensors, JSON for everything else, and writing each so that a crash leaves the old file. */
package dev.chainrule.io;

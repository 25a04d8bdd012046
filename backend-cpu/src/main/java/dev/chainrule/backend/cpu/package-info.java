/** The processor as a device: kernels that fuse, as vector code where the Vector API is there, and oneDNN where its binaries are. */
@Stability(Stability.Level.INTERNAL)
package dev.chainrule.backend.cpu;

import dev.chainrule.Stability;

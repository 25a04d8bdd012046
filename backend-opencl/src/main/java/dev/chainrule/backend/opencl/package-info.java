/** Devices that OpenCL reaches: kernels of {@code dev.chainrule.kernels}, compiled and run through JOCL. */
@Stability(Stability.Level.INTERNAL)
package dev.chainrule.backend.opencl;

import dev.chainrule.Stability;

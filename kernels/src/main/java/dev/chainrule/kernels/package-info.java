/**
 * Kernels for devices that compile C: one dialect for OpenCL and CUDA, generated kernels written in it, the operations that have a kernel
 * of their own, and plans as launches of such kernels. A backend compiles sources and executes launches.
 */
@Stability(Stability.Level.INTERNAL)
package dev.chainrule.kernels;

import dev.chainrule.Stability;

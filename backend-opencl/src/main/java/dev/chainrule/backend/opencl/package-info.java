/** Devices that OpenCL reaches: kernels of {@code dev.chainrule.kernels}, compiled and run through JOCL. */
package dev.chainrule.backend.opencl;

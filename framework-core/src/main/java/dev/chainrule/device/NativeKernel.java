package dev.chainrule.device;

/**
 * What the planner must know of a device's own kernel.
 *
 * @param strided whether inputs may have any strides; else they are made dense first
 */
public record NativeKernel(boolean strided) {}

package dev.chainrule.device;

/**
 * What the planner must know of a device's own kernel.
 *
 * @param strided whether inputs may have any strides; else they are made dense first
 * @param epilogue whether it takes generated kernels without folds along, see {@link dev.chainrule.schedule.Instruction.WithEpilogue}
 */
public record NativeKernel(boolean strided, boolean epilogue) {}

package dev.chainrule.device;

/**
 * What the planner must know of a device's own kernel.
 *
 * @param strided whether inputs may have any strides; else they are made dense first
 * @param epilogue whether it takes generated kernels without folds along, see {@link dev.chainrule.schedule.Instruction.WithEpilogue}
 * @param workspaceBytes memory that it needs while it runs; it lies in the plan's arena, and so is part of the forecast
 */
public record NativeKernel(boolean strided, boolean epilogue, long workspaceBytes) {

  /** A kernel that needs no workspace. */
  public NativeKernel(boolean strided, boolean epilogue) {
    this(strided, epilogue, 0);
  }
}

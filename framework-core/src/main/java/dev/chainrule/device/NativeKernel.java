package dev.chainrule.device;

import java.util.List;

/**
 * What the planner must know of a device's own kernel.
 *
 * @param strided whether inputs may have any strides; else they are made dense first
 * @param epilogue whether it takes generated kernels without folds along, see {@link dev.chainrule.schedule.Instruction.WithEpilogue}
 * @param workspaceBytes memory that it needs while it runs; it lies in the plan's arena, and so is part of the forecast
 * @param channelsLast which operands it likes to have with their channels last
 */
public record NativeKernel(boolean strided, boolean epilogue, long workspaceBytes, ChannelsLast channelsLast) {

  /**
   * The operands, [samples, channels, spatial...], that may also lie in memory as if the axis of channels came last, without gaps. The
   * bits do not depend on it.
   *
   * @param operands inputs by their numbers, then results, counted on
   * @param together whether all of them lie so or none; else each may
   */
  public record ChannelsLast(List<Integer> operands, boolean together) {

    /** All operands are dense. */
    public static final ChannelsLast NONE = new ChannelsLast(List.of(), false);

    /** Copies the list. */
    public ChannelsLast {
      operands = List.copyOf(operands);
    }
  }

  /** A kernel of dense operands. */
  public NativeKernel(boolean strided, boolean epilogue, long workspaceBytes) {
    this(strided, epilogue, workspaceBytes, ChannelsLast.NONE);
  }

  /** A kernel of dense operands that needs no workspace. */
  public NativeKernel(boolean strided, boolean epilogue) {
    this(strided, epilogue, 0);
  }
}

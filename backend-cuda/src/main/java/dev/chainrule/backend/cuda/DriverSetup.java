package dev.chainrule.backend.cuda;

import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * NVIDIA's driver through JCuda: context, memory, streams, events, modules. JCuda's classes want {@code libcuda.so.1} when they are
 * initialised, so this one is touched only after {@link Driver} has opened it. All calls are of the thread that has the context.
 */
final class DriverSetup {

  private final Driver driver;

  DriverSetup(Driver driver) {
    this.driver = driver;
    JCudaDriver.setExceptionsEnabled(false); // the statuses become exceptions here
  }

  // JCuda keeps addresses to itself and its subclasses.

  /** A stream whose handle can be passed on. */
  static final class Stream extends CUstream {
    long handle() {
      return getNativePointer();
    }
  }

  /** An event whose handle can be passed on. */
  static final class Event extends CUevent {
    long handle() {
      return getNativePointer();
    }
  }

  /** A kernel whose handle can be passed on. */
  static final class Function extends CUfunction {
    long handle() {
      return getNativePointer();
    }
  }

  /** Device memory whose address can be passed on. */
  static final class DeviceMemory extends CUdeviceptr {
    long address() {
      return getNativePointer();
    }
  }

  /** Page-locked host memory whose address can be passed on. */
  static final class HostMemory extends Pointer {
    long address() {
      return getNativePointer();
    }
  }

  /** Makes the device's primary context, which the whole process shares, that of this thread. */
  CUdevice cuDevicePrimaryCtxRetain(int ordinal) {
    driver.check("cuInit", JCudaDriver.cuInit(0));
    var device = new CUdevice();
    driver.check("cuDeviceGet", JCudaDriver.cuDeviceGet(device, ordinal));
    var context = new CUcontext();
    driver.check("cuDevicePrimaryCtxRetain", JCudaDriver.cuDevicePrimaryCtxRetain(context, device));
    driver.check("cuCtxSetCurrent", JCudaDriver.cuCtxSetCurrent(context));
    return device;
  }

  /** Waits for all that was enqueued. */
  void cuCtxSynchronize() {
    driver.check("cuCtxSynchronize", JCudaDriver.cuCtxSynchronize());
  }

  void cuDevicePrimaryCtxRelease(CUdevice device) {
    driver.check("cuDevicePrimaryCtxRelease", JCudaDriver.cuDevicePrimaryCtxRelease(device));
  }

  /** Gives back all that the process has on the device; what else can be done with a context that is lost. */
  void cuDevicePrimaryCtxReset(CUdevice device) {
    driver.check("cuDevicePrimaryCtxReset", JCudaDriver.cuDevicePrimaryCtxReset(device));
  }

  /** Free bytes of device memory and all bytes. */
  long[] cuMemGetInfo() {
    long[] free = new long[1];
    long[] total = new long[1];
    driver.check("cuMemGetInfo", JCudaDriver.cuMemGetInfo(free, total));
    return new long[] {free[0], total[0]};
  }

  DeviceMemory cuMemAlloc(long bytes) {
    var memory = new DeviceMemory();
    driver.check("cuMemAlloc", JCudaDriver.cuMemAlloc(memory, bytes));
    return memory;
  }

  void cuMemFree(DeviceMemory memory) {
    driver.check("cuMemFree", JCudaDriver.cuMemFree(memory));
  }

  HostMemory cuMemHostAlloc(long bytes) {
    var memory = new HostMemory();
    driver.check("cuMemHostAlloc", JCudaDriver.cuMemHostAlloc(memory, bytes, 0));
    return memory;
  }

  void cuMemFreeHost(HostMemory memory) {
    driver.check("cuMemFreeHost", JCudaDriver.cuMemFreeHost(memory));
  }

  /** A stream that does not wait for the default stream. */
  Stream cuStreamCreate() {
    var stream = new Stream();
    driver.check("cuStreamCreate", JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
    return stream;
  }

  void cuStreamDestroy(Stream stream) {
    driver.check("cuStreamDestroy", JCudaDriver.cuStreamDestroy(stream));
  }

  /** An event that takes no time. */
  Event cuEventCreate() {
    var event = new Event();
    driver.check("cuEventCreate", JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING));
    return event;
  }

  void cuEventDestroy(Event event) {
    driver.check("cuEventDestroy", JCudaDriver.cuEventDestroy(event));
  }

  /** Loads a cubin. */
  CUmodule cuModuleLoadData(byte[] image) {
    var module = new CUmodule();
    driver.check("cuModuleLoadData", JCudaDriver.cuModuleLoadData(module, image));
    return module;
  }

  void cuModuleUnload(CUmodule module) {
    driver.check("cuModuleUnload", JCudaDriver.cuModuleUnload(module));
  }

  Function cuModuleGetFunction(CUmodule module, String name) {
    var function = new Function();
    driver.check("cuModuleGetFunction", JCudaDriver.cuModuleGetFunction(function, module, name));
    return function;
  }
}

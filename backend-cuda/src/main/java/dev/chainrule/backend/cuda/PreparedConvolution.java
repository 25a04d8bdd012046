package dev.chainrule.backend.cuda;

import dev.chainrule.kernels.Place;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A convolution or a gradient of one with the library's plan settled. What differs from run to run are addresses, which the library takes
 * in a pack that is made anew when they change. Of the context's thread alone.
 */
final class PreparedConvolution implements LibraryWork {

  private final Cudnn library;
  private final long handle;
  private final ConvolutionPlan plan;

  /** Of x, w, y, and of the workspace if the plan wants one. */
  private final List<Place> places;

  /** As they were taken last. */
  private final long[] addresses;

  private final DnnDescriptors pack;
  private long descriptor;

  /** What the pack holds. */
  private long[] packed = {};

  /** @param places of first operand, second operand and result, and of the workspace */
  PreparedConvolution(Cudnn library, long handle, ConvolutionPlan plan, DnnConvolution.Kind kind, List<Place> places) {
    this.library = library;
    this.handle = handle;
    this.plan = plan;
    this.pack = new DnnDescriptors(library);
    List<Place> own = new ArrayList<>(kind.places().stream().map(places::get).toList());
    if (plan.workspaceBytes() > 0) {
      own.add(places.getLast());
    }
    this.places = List.copyOf(own);
    this.addresses = new long[own.size()];
  }

  @Override
  public String name() {
    return "a convolution of the library's";
  }

  @Override
  public void bind(long... memories) {
    for (int i = 0; i < addresses.length; i++) {
      Place place = places.get(i);
      addresses[i] = memories[place.base()] + place.offset();
    }
  }

  @Override
  public long[] addresses() {
    return addresses.clone();
  }

  @Override
  public void enqueue(Driver driver, long stream) {
    if (!Arrays.equals(packed, addresses)) {
      packed = new long[0]; // until it is complete
      pack.close();
      long begins = addresses.length > ConvolutionPlan.IDENTIFIERS.length ? addresses[addresses.length - 1] : 0;
      long workspace = (begins + ConvolutionPlan.WORKSPACE_ALIGNMENT - 1) & -ConvolutionPlan.WORKSPACE_ALIGNMENT;
      descriptor = pack.of(Cudnn.CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR,
          Cudnn.Attribute.of(Cudnn.CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, Cudnn.Type.INT64, ConvolutionPlan.IDENTIFIERS),
          Cudnn.Attribute.of(Cudnn.CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, Cudnn.Type.VOID_PTR,
              Arrays.copyOf(addresses, ConvolutionPlan.IDENTIFIERS.length)),
          Cudnn.Attribute.of(Cudnn.CUDNN_ATTR_VARIANT_PACK_WORKSPACE, Cudnn.Type.VOID_PTR, workspace));
      packed = addresses.clone();
    }
    library.cudnnBackendExecute(handle, plan.descriptor(), descriptor);
  }

  @Override
  public void destroy() {
    pack.close();
    plan.giveBack();
  }
}

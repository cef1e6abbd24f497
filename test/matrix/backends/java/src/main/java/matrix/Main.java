package matrix;

import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.net.InetSocketAddress;
import java.util.Arrays;

/** The grpc-java backend of the matrix: {@code --port 0 --api matrix}. The schema version is the build's. */
public final class Main {
  public static void main(String[] arguments) throws Exception {
    int port = Integer.parseInt(option(arguments, "--port", "0"));
    String api = option(arguments, "--api", "matrix");
    ServerServiceDefinition service =
        switch (api) {
          case "matrix" -> new MatrixService().bind();
          case "ticker" -> new TickerService().bind();
          default -> throw new IllegalArgumentException("no api " + api);
        };
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", port))
            .intercept(new HeaderEcho())
            .addService(service)
            .addService(ProtoReflectionServiceV1.newInstance())
            .build()
            .start();
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
    System.out.println("listening on 127.0.0.1:" + server.getPort());
    server.awaitTermination();
  }

  private static String option(String[] arguments, String name, String fallback) {
    int at = Arrays.asList(arguments).indexOf(name);
    return at >= 0 && at + 1 < arguments.length ? arguments[at + 1] : fallback;
  }

  private Main() {}
}

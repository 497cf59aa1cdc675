// SPDX-License-Identifier: Apache-2.0
// A Leshan LwM2M server and a Leshan bootstrap server on loopback, with the demo servers' REST calls that Signet
// uses in front of them: the demos of this version are not published, their engine is.
// usage: java -cp 'lib/*' Servers.java KEY.der CERT.der     (PKCS#8; prints one line of JSON, ends with its standard input)
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Iterator;
import org.eclipse.leshan.core.SecurityMode;
import org.eclipse.leshan.core.endpoint.Protocol;
import org.eclipse.leshan.core.peer.OscoreIdentity;
import org.eclipse.leshan.core.request.BindingMode;
import org.eclipse.leshan.server.LeshanServer;
import org.eclipse.leshan.server.LeshanServerBuilder;
import org.eclipse.leshan.server.bootstrap.BootstrapConfig;
import org.eclipse.leshan.server.bootstrap.InMemoryBootstrapConfigStore;
import org.eclipse.leshan.server.bootstrap.LeshanBootstrapServer;
import org.eclipse.leshan.server.bootstrap.LeshanBootstrapServerBuilder;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.CaliforniumBootstrapServerEndpointsProvider;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.coap.CoapBootstrapServerProtocolProvider;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.coaps.CoapsBootstrapServerProtocolProvider;
import org.eclipse.leshan.server.californium.endpoint.CaliforniumServerEndpointsProvider;
import org.eclipse.leshan.server.californium.endpoint.coap.CoapServerProtocolProvider;
import org.eclipse.leshan.server.californium.endpoint.coaps.CoapsServerProtocolProvider;
import org.eclipse.leshan.server.registration.Registration;
import org.eclipse.leshan.server.security.BootstrapSecurityStore;
import org.eclipse.leshan.server.security.InMemorySecurityStore;
import org.eclipse.leshan.server.security.NonUniqueSecurityInfoException;
import org.eclipse.leshan.server.security.SecurityInfo;

public class Servers {
    static final ObjectMapper JSON = new ObjectMapper();
    static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);

    /** What a handler answers. */
    record Reply(int status, Object body) {}

    interface Handler {
        Reply handle(String method, String last, JsonNode body) throws Exception;
    }

    static SecurityInfo security(JsonNode body) {
        String endpoint = body.get("endpoint").asText();
        JsonNode tls = body.get("tls");
        if (tls.get("mode").asText().equals("x509"))
            return SecurityInfo.newX509CertInfo(endpoint);
        JsonNode details = tls.get("details");
        byte[] key = HexFormat.of().parseHex(details.get("key").asText());
        return SecurityInfo.newPreSharedKeyInfo(endpoint, details.get("identity").asText(), key);
    }

    static Handler securityHandler(InMemorySecurityStore store) {
        return (method, last, body) -> {
            if (method.equals("PUT")) {
                try {
                    store.add(security(body));
                    return new Reply(200, null);
                } catch (NonUniqueSecurityInfoException e) {
                    return new Reply(400, e.getMessage());
                }
            }
            if (method.equals("DELETE"))
                return new Reply(200, store.remove(last, true) == null ? JSON.createObjectNode().put("message", "not_found") : null);
            ArrayNode list = JSON.createArrayNode();
            for (SecurityInfo info : store.getAll())
                list.addObject().put("endpoint", info.getEndpoint());
            return new Reply(200, list);
        };
    }

    static byte[] bytes(JsonNode array) {
        byte[] out = new byte[array == null ? 0 : array.size()];
        for (int i = 0; i < out.length; i++)
            out[i] = (byte) array.get(i).asInt();
        return out;
    }

    static BootstrapConfig config(JsonNode body) {
        BootstrapConfig config = new BootstrapConfig();
        body.get("toDelete").forEach(path -> config.toDelete.add(path.asText()));
        body.get("servers").fields().forEachRemaining(e -> {
            BootstrapConfig.ServerConfig server = new BootstrapConfig.ServerConfig();
            server.shortId = e.getValue().get("shortId").asInt();
            server.lifetime = e.getValue().get("lifetime").asInt();
            server.defaultMinPeriod = e.getValue().get("defaultMinPeriod").asInt();
            server.notifIfDisabled = e.getValue().get("notifIfDisabled").asBoolean();
            server.binding = EnumSet.of(BindingMode.valueOf(e.getValue().get("binding").asText()));
            config.servers.put(Integer.valueOf(e.getKey()), server);
        });
        body.get("security").fields().forEachRemaining(e -> {
            JsonNode from = e.getValue();
            BootstrapConfig.ServerSecurity to = new BootstrapConfig.ServerSecurity();
            to.uri = from.get("uri").asText();
            to.bootstrapServer = from.get("bootstrapServer").asBoolean();
            to.securityMode = SecurityMode.valueOf(from.get("securityMode").asText());
            to.publicKeyOrId = bytes(from.get("publicKeyOrId"));
            to.secretKey = bytes(from.get("secretKey"));
            to.serverPublicKey = bytes(from.get("serverPublicKey"));
            if (from.has("serverId"))
                to.serverId = from.get("serverId").asInt();
            config.security.put(Integer.valueOf(e.getKey()), to);
        });
        return config;
    }

    static void route(HttpServer web, String path, Handler handler) {
        web.createContext(path, exchange -> answer(exchange, path, handler));
    }

    static void answer(HttpExchange exchange, String path, Handler handler) throws java.io.IOException {
        String rest = exchange.getRequestURI().getRawPath().substring(path.length());
        String last = URLDecoder.decode(rest.startsWith("/") ? rest.substring(1) : rest, StandardCharsets.UTF_8);
        byte[] in = exchange.getRequestBody().readAllBytes();
        Reply reply;
        try {
            reply = handler.handle(exchange.getRequestMethod(), last, in.length > 0 ? JSON.readTree(in) : null);
        } catch (Exception e) {
            reply = new Reply(400, "Invalid request body: " + e.getMessage());
        }
        byte[] out = reply.body() == null ? new byte[0]
                : reply.body() instanceof String text ? text.getBytes(StandardCharsets.UTF_8)
                : JSON.writeValueAsBytes(reply.body());
        exchange.sendResponseHeaders(reply.status(), out.length == 0 ? -1 : out.length);
        exchange.getResponseBody().write(out);
        exchange.close();
    }

    public static void main(String[] args) throws Exception {
        PrivateKey key = KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of(args[0]))));
        X509Certificate cert = (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(Path.of(args[1]))));
        InMemorySecurityStore known = new InMemorySecurityStore(), bootstrapKnown = new InMemorySecurityStore();
        InMemoryBootstrapConfigStore configs = new InMemoryBootstrapConfigStore();

        LeshanServer server = new LeshanServerBuilder().setSecurityStore(known).setPrivateKey(key)
                .setCertificateChain(new X509Certificate[] {cert}).setTrustedCertificates(new X509Certificate[0])
                .setEndpointsProviders(new CaliforniumServerEndpointsProvider.Builder(new CoapServerProtocolProvider(),
                        new CoapsServerProtocolProvider()).addEndpoint(ANY, Protocol.COAP).addEndpoint(ANY, Protocol.COAPS).build())
                .build();
        LeshanBootstrapServer bootstrap = new LeshanBootstrapServerBuilder().setConfigStore(configs).setPrivateKey(key)
                .setCertificateChain(new X509Certificate[] {cert}).setTrustedCertificates(new X509Certificate[0])
                .setSecurityStore(new BootstrapSecurityStore() {
                    public SecurityInfo getByIdentity(String identity) {
                        return bootstrapKnown.getByIdentity(identity);
                    }
                    public Iterator<SecurityInfo> getAllByEndpoint(String endpoint) {
                        SecurityInfo info = bootstrapKnown.getByEndpoint(endpoint);
                        return info == null ? null : java.util.List.of(info).iterator();
                    }
                    public SecurityInfo getByOscoreIdentity(OscoreIdentity identity) {
                        return null;
                    }
                })
                .setEndpointsProviders(new CaliforniumBootstrapServerEndpointsProvider.Builder(
                        new CoapBootstrapServerProtocolProvider(), new CoapsBootstrapServerProtocolProvider())
                        .addEndpoint(ANY, Protocol.COAP).addEndpoint(ANY, Protocol.COAPS).build())
                .build();
        server.start();
        bootstrap.start();

        HttpServer web = HttpServer.create(ANY, 0), bootstrapWeb = HttpServer.create(ANY, 0);
        route(web, "/api/security/clients", securityHandler(known));
        route(bootstrapWeb, "/api/security/clients", securityHandler(bootstrapKnown));
        route(web, "/api/clients", (method, endpoint, body) -> {
            Registration r = server.getRegistrationStore().getRegistrationByEndpoint(endpoint);
            return r == null ? new Reply(400, "No registered client with id '" + endpoint + "'")
                    : new Reply(200, JSON.createObjectNode().put("endpoint", endpoint).put("registrationId", r.getId())
                            .put("lifetime", r.getLifeTimeInSec()));
        });
        route(bootstrapWeb, "/api/bootstrap", (method, endpoint, body) -> {
            if (method.equals("POST")) {
                configs.add(endpoint, config(body));
                return new Reply(200, null);
            }
            if (method.equals("DELETE"))
                return configs.remove(endpoint) == null ? new Reply(404, "no config for " + endpoint) : new Reply(204, null);
            var all = JSON.createObjectNode();
            configs.getAll().keySet().forEach(name -> all.putObject(name));
            return new Reply(200, all);
        });
        web.start();
        bootstrapWeb.start();
        System.out.println(JSON.createObjectNode().put("web", web.getAddress().getPort())
                .put("bootstrapWeb", bootstrapWeb.getAddress().getPort())
                .put("coap", server.getEndpoint(Protocol.COAP).getURI().getPort())
                .put("coaps", server.getEndpoint(Protocol.COAPS).getURI().getPort())
                .put("bootstrapCoap", bootstrap.getEndpoint(Protocol.COAP).getURI().getPort())
                .put("bootstrapCoaps", bootstrap.getEndpoint(Protocol.COAPS).getURI().getPort()));
        System.out.flush();
        while (System.in.read() >= 0) { }
        System.exit(0);
    }
}

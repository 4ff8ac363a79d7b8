/** nginx's prefix inside the container: a volume, so that configuration and drains survive a new image. */
export const NGINX_DIRECTORY = "/rollgate";
/** The port inside the container; any account can bind it. */
export const NGINX_PORT = 8080;

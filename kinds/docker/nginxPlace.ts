/** nginx's prefix inside the container: a volume, so that a new image finds configuration and drains as they were. */
export const NGINX_DIRECTORY = "/rollgate";
/** The port inside the container; no account needs rights for it. */
export const NGINX_PORT = 8080;

# Run by CPack between the installation into its own tree and the package: a strict umask must not end up in there.
file(CHMOD_RECURSE ${CPACK_TEMPORARY_DIRECTORY}/usr
  DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
